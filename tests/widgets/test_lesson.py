"""The shared lesson parts: what is right, what is said, what the browser may set."""

import pytest

from trnlab.serve import glossary
from widgets import lesson


def browser_sets(widget, **state):
    """Deliver a trait update as the browser would send it."""
    message = {"method": "update", "state": state, "buffer_paths": []}
    widget._handle_msg({"content": {"data": message}, "buffers": []})


@pytest.mark.parametrize(
    "given", ["1024", " 1024 ", "1.024e3", "1,024", "1 024", "1024,0", "1024 bytes", "1,024bytes"]
)
def test_a_number_is_right_however_it_is_written(given):
    assert lesson.Number(1024, "bytes").verdict(given).right


@pytest.mark.parametrize("given", ["2,5", "2.5", "2,5 %", "2.50%"])
def test_a_comma_before_other_than_three_digits_is_a_decimal_one(given):
    assert lesson.Number(2.5, "%").verdict(given).right
    assert not lesson.Number(25, "%").verdict(given).right


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ("103", "Close, but too large."),
        ("70", "Close, but too small."),
        ("250", "Too large, by less than a factor of 10."),
        ("12", "Too small, by less than a factor of 10."),
        ("5000", "Too large, by more than a factor of 10."),
        ("1", "Too small, by more than a factor of 10."),
        ("-100", "Not yet."),
    ],
)
def test_a_number_outside_the_tolerance_says_how_far_off_it_is_and_not_what_is_right(given, says):
    assert lesson.Number(100.0, rel=0.02).verdict(given) == (False, f"{says} Try a hint.")


@pytest.mark.parametrize(
    ("value", "says"), [(65536, "65,536"), (337.3161, "337.3"), (25.3777, "25.38"), (1e-3, "0.001")]
)
def test_a_right_number_is_repeated_with_as_many_digits_as_mean_something(value, says):
    assert lesson.Number(value, "B").verdict(str(value)).text == f"Right: {says} B."


def test_a_known_mistake_is_named():
    answer = lesson.Number(512.0, wrong={128.0: "That is the number of partitions."})
    assert answer.verdict("128") == (False, "That is the number of partitions.")


@pytest.mark.parametrize("given", ["abc", "", "1e999", "nan", "<script>"])
def test_what_is_not_a_number_gets_a_sentence(given):
    right, text = lesson.Number(1.0).verdict(given)
    assert not right
    assert text.startswith("This needs a")


def test_each_wrong_choice_gets_its_consequence():
    answer = lesson.Choice("SBUF", others={"PSUM": "PSUM holds results."})
    assert answer.choices == ["PSUM", "SBUF"]
    assert answer.verdict("PSUM") == (False, "PSUM holds results.")
    assert answer.verdict("SBUF").right


def test_an_unknown_choice_is_refused():
    with pytest.raises(ValueError, match="'HBM' is not one of the choices"):
        lesson.Choice("SBUF", others={"PSUM": ""}).verdict("HBM")


def test_an_attempt_from_the_browser_is_judged():
    exercise = lesson.Exercise("1.1", "How many?", lesson.Number(8, "banks"), ["Count."], "Eight.")
    browser_sets(exercise, given="7", attempts=1)
    assert not exercise.right
    assert exercise.verdict == "Close, but too small. Try a hint."
    browser_sets(exercise, given="8", attempts=2)
    assert exercise.right
    assert exercise.verdict == "Right: 8 banks."


def test_an_exercise_needs_a_hint():
    with pytest.raises(ValueError, match="at least one hint"):
        lesson.Exercise("1.1", "How many?", lesson.Number(8), [], "Eight.")


def test_a_prediction_refuses_an_answer_that_nobody_can_choose():
    with pytest.raises(ValueError, match="'C' is not one of the choices"):
        lesson.Predict("Which?", ["A", "B"], answer="C", reveal="")


def test_a_prediction_keeps_the_guess():
    predict = lesson.Predict("Which?", ["A", "B"], answer="A", reveal="<p>A.</p>")
    browser_sets(predict, guess="B", revealed=True)
    assert (predict.guess, predict.revealed) == ("B", True)


def test_reading_is_shown_as_text_not_as_markup():
    card = lesson.Reading([("A <b> title", "guide/page.rst", "why & how")])
    assert "A &lt;b&gt; title" in card.html
    assert "why &amp; how" in card.html


def test_teacher_notes_are_folded_and_add_up_the_minutes():
    notes = lesson.TeacherNotes(
        ["say what waits"], [(5, "predict"), (20, "explore")], "None.", ["Why?"]
    )
    assert notes.folded
    assert "Plan, 25 minutes" in notes.html


def test_words_are_folded_and_keep_their_order():
    card = lesson.Words({"own word": "a <b>line</b>", "SBUF": "tiles"})
    assert card.folded
    assert card.html == (
        "<dl><dt>own word</dt><dd>a <b>line</b></dd>"
        '<dt><a class="trn-term" data-anchor="sbuf">SBUF</a></dt><dd>tiles</dd></dl>'
    )


def test_words_of_the_glossary_bring_their_lines():
    entry = glossary.term("PSUM")
    assert f"<dd>{entry.short}</dd>" in lesson.Words(["PSUM"]).html
    with pytest.raises(ValueError, match="the glossary has no 'SPUM'"):
        lesson.Words(["SPUM"])


def test_another_number_is_told_what_would_follow_from_it():
    then = lesson.Then("Then {} columns would enter in a cycle.", 512, power=-1)
    answer = lesson.Number(512, "cycles", wrong={128: "K is not in the rule."}, then=then)
    right, text = answer.verdict("256")
    assert not right
    assert (
        text == "Then 2 columns would enter in a cycle. Too small, by less than a factor of 10. "
        "Try a hint."
    )
    assert answer.verdict("128").text == "K is not in the rule."
    assert answer.verdict("0").text == answer.verdict("-3").text == "Not yet. Try a hint."
    assert answer.verdict("1e-320").text.startswith("Too small")  # nothing can be computed from it


def test_what_follows_has_a_unit_and_an_offset():
    then = lesson.Then("Then the run would take {}.", -1e-6, plus=164e-6, unit="s")
    assert then(100) == "Then the run would take 64 µs."
    assert then(500) == "That cannot be."
