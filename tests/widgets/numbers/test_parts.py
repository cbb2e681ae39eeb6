"""What all parts have in common: whatever a link carries is shown or refused, never raised."""

import json

import pytest

from tests.widgets.numbers.harness import change, tell
from widgets.numbers import bundle
from widgets.numbers.bench import NAMES, Bench

JUNK = (None, True, -1, 10**40, 0.5, float("inf"), "", "x" * 5000, "<script>", [], [[1]], {"a": 1})


@pytest.fixture(scope="module")
def bench():
    bench = Bench()
    bench.settle()
    return bench


@pytest.mark.parametrize("name", NAMES)
def test_junk_is_shown_or_refused_with_a_sentence(bench, name):
    part = getattr(bench, name)
    for parameter in part.first:
        for junk in JUNK:
            before, answers = part.scene, part.answers
            part.show({**part.first, parameter: junk})
            assert part.answers == answers + 1, (parameter, junk)
            if part.problem:
                assert part.scene == before and 10 < len(part.problem) < 400
    part.show(dict(part.first))
    assert part.problem == ""


@pytest.mark.parametrize("name", NAMES)
def test_what_is_sent_is_json_that_browsers_read(bench, name):
    part = getattr(bench, name)
    for sent in (part.scene, part.more, part.fixed, part.defaults):
        json.dumps(sent, allow_nan=False)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("message", [None, 3, [], {}, {"kind": "x"}, {"kind": "restore"}])
def test_other_messages_change_nothing(bench, name, message):
    part = getattr(bench, name)
    before, answers = part.scene, part.answers
    tell(part, message)
    assert part.scene == before and part.answers == answers


@pytest.mark.parametrize("name", NAMES)
def test_a_ping_is_answered(bench, name):
    part, said = getattr(bench, name), []
    part.send = lambda content, buffers=None: said.append(content)
    tell(part, {"kind": "ping"})
    assert said == [{"kind": "pong"}]


@pytest.mark.parametrize("name", NAMES)
def test_each_module_is_one_part_without_comments(name):
    text = bundle.module(name)
    assert text.count("export default") == 1
    assert "\n//" not in text and f"{name}View" in text


def test_parts_remember_apart(bench):
    change(bench.number, text="5")
    assert bench.saved() == {"number": {"text": "5"}}
    change(bench.number, text="0.1")
    assert bench.saved() == {}
