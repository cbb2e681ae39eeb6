"""Every lesson has all its parts, found by running its cells."""

import json
from collections.abc import Iterator
from functools import cache

import pytest
from ipywidgets import Widget
from ipywidgets.widgets import widget as registry

from trnlab.serve.lessons import NOTEBOOKS, lessons
from widgets import lesson
from widgets.stepper import Stepper

LESSONS = [found.name for found in lessons() if found.kind == "lesson"]
EXERCISES, HINTS = 3, 3
KNOWN_WRONG = 3  # answers to each exercise
of_a_lesson = pytest.mark.parametrize("name", LESSONS)


@cache
def parts(name: str) -> list[Widget]:
    """The widgets that a lesson's cells make, in their order."""
    before = set(registry._instances)
    notebook = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))
    sources = ["".join(c["source"]) for c in notebook["cells"] if c["cell_type"] == "code"]
    names: dict[str, object] = {"__name__": "__main__"}
    for source in sources:
        exec(compile(source, name, "exec"), names)
    return [widget for key, widget in registry._instances.items() if key not in before]


def of_kind(name: str, *kinds: type) -> list[Widget]:
    return [part for part in parts(name) if isinstance(part, kinds)]


def dashboards(name: str) -> Iterator[Widget]:
    """Widgets to work with, not parts of the text around them."""
    for part in parts(name):
        module = type(part).__module__
        if module.startswith("widgets.") and not module.startswith("widgets.lesson"):
            yield part


@of_a_lesson
def test_it_asks_one_question_and_takes_a_prediction(name: str) -> None:
    questions = of_kind(name, lesson.Question, Stepper)  # the stepper asks and takes a guess itself
    assert len(questions) == 1
    assert of_kind(name, lesson.Predict, Stepper)
    assert list(dashboards(name))


@of_a_lesson
def test_it_has_exercises_with_hints_and_a_solution(name: str) -> None:
    exercises = of_kind(name, lesson.Exercise)
    assert len(exercises) >= EXERCISES
    for exercise in exercises:
        assert len(exercise.hints) >= HINTS and exercise.solution, exercise.question


@of_a_lesson
def test_its_exercises_are_numbered_after_the_takeaway(name: str) -> None:
    numbers = [exercise.number for exercise in of_kind(name, lesson.Exercise)]
    assert numbers == [f"{int(name[:2])}.{place}" for place in range(1, len(numbers) + 1)]
    order = of_kind(name, lesson.Takeaway, lesson.Exercise)
    assert isinstance(order[0], lesson.Takeaway) and len(order) == len(numbers) + 1


@of_a_lesson
def test_a_right_answer_is_taken_and_each_known_mistake_gets_its_own_words(name: str) -> None:
    for exercise in of_kind(name, lesson.Exercise):
        answer = exercise.answer
        right = answer.right if isinstance(answer, lesson.Choice) else repr(answer.value)
        wrong = answer.others if isinstance(answer, lesson.Choice) else map(repr, answer.wrong)
        assert answer.verdict(right).right
        given = [answer.verdict(each) for each in wrong]
        assert len(given) >= KNOWN_WRONG and not any(found.right for found in given), (
            exercise.number
        )
        assert all(len(found.text) > 10 for found in given), exercise.number


FACTORS = (0.003, 0.11, 0.47, 0.9, 1.06, 1.4, 2.3, 7.0, 130.0)


@of_a_lesson
def test_any_other_number_is_refused_with_what_would_follow_from_it(name: str) -> None:
    for exercise in of_kind(name, lesson.Exercise):
        if isinstance(exercise.answer, lesson.Choice):
            continue
        value = exercise.answer.value
        given = [value * factor for factor in FACTORS]
        verdicts = [exercise.answer.verdict(repr(number)) for number in given]
        assert not any(verdict.right for verdict in verdicts), exercise.number
        whole = [exercise.answer.verdict(repr(value + step)) for step in (-9, -5, -3, 4, 7, 11)]
        said = {verdict.text for verdict in verdicts + whole}
        follows = [text for text in said if text.startswith("Then ") or "become" in text]
        assert len(follows) >= 4, (exercise.number, said)


@of_a_lesson
def test_it_ends_with_a_takeaway_reading_and_what_is_left_out(name: str) -> None:
    (takeaway,) = of_kind(name, lesson.Takeaway)
    (reading,) = of_kind(name, lesson.Reading)
    assert len(takeaway.html) > 100
    assert reading.html.count("<li>") >= 3
    assert of_kind(name, lesson.LeavesOut) or any(
        getattr(part, "honesty", {}).get("leaves_out") for part in dashboards(name)
    )


@of_a_lesson
def test_its_teacher_knows_goals_timing_misconception_and_questions(name: str) -> None:
    (notes,) = of_kind(name, lesson.TeacherNotes)
    minutes = next(found.minutes for found in lessons() if found.name == name)
    assert f"Plan, {minutes} minutes" in notes.html
    assert "Afterwards everybody can" in notes.html and "misconception" in notes.html
    goals, questions = (part.split("</ul>")[0] for part in notes.html.split("<ul>")[1:])
    assert goals.count("<li>") >= 3 and questions.count("<li>") >= 3


@of_a_lesson
def test_its_words_are_in_the_glossary(name: str) -> None:
    for words in of_kind(name, lesson.Words):
        assert words.html.count("<dt>") == words.html.count("trn-term") > 0


@of_a_lesson
def test_each_step_of_its_tour_sets_its_dashboard_and_asks_something(name: str) -> None:
    (tour,) = of_kind(name, lesson.Tour)
    assert len(tour.steps) >= 3
    for place, step in enumerate(tour.steps):
        assert step["question"].endswith("?") and step["expected"].endswith(".")
        tour.show(place)
        unsaid = getattr(tour.dashboard, "first", {})  # defaults that a state leaves out
        state = {**unsaid, **tour.dashboard.saved()}
        for key, value in tour.states[place].items():
            assert _same(state[key], value), (step["text"], key)
        problem = getattr(tour.dashboard, "problem", "")
        assert not (problem.get("text") if isinstance(problem, dict) else problem)


def _same(found: object, given: object) -> bool:
    if isinstance(given, list):  # numbers may be kept as float32
        return list(found) == pytest.approx(given)
    return found == given
