"""A moment that is saved, linked, or sent by a stranger."""

import json
import re

import pytest

from tests.widgets.stepper.harness import SMALL
from widgets.dashboard import link
from widgets.stepper import Stepper, lesson
from widgets.stepper.product import OBVIOUS

MOMENT = {
    **SMALL,
    "kernel": "hoisted",
    "chip": "trn2",
    "row": 41,
    "guess": 3.0,
    "revealed": True,
    "rival": "blocked",
}


def test_a_saved_state_leads_back_to_the_moment():
    saved = Stepper(MOMENT).saved()
    again = Stepper(json.loads(json.dumps(saved)))
    assert again.saved() == saved
    assert saved.items() >= MOMENT.items()
    assert again.scene["row"] == 41


def test_a_link_carries_the_state():
    saved = Stepper(MOMENT).saved()
    assert link.unpack(link.pack(saved)) == saved
    assert re.fullmatch(r"[\w-]+", link.pack(saved))


def test_the_lesson_opens_at_the_moment_in_the_address(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("QUERY_STRING", f"theme=dark&s={link.pack(MOMENT)}")
    assert lesson().saved().items() >= MOMENT.items()


def test_a_state_in_code_wins_over_the_address(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("QUERY_STRING", f"s={link.pack(MOMENT)}")
    assert lesson(state=SMALL).saved()["kernel"] == OBVIOUS


@pytest.mark.parametrize("text", ["%%%", "e30x", "W10", "bm90", link.pack({"a": "b" * 9000})])
def test_an_address_that_cannot_be_read_is_said_and_the_start_is_shown(text, monkeypatch):
    monkeypatch.setenv("QUERY_STRING", f"s={text}")
    stepper = lesson()
    assert "cannot be read" in stepper.problem["text"]
    assert stepper.scene["params"] == stepper.defaults


HOSTILE = {
    "kernel": "<script>",
    "M": [1],
    "row": -5,
    "rival": ["x"],
    "guess": "5",
    "revealed": 1,
    "extra": {"a": 1},
}


def test_a_state_from_a_stranger_does_no_harm():
    stepper = Stepper(HOSTILE)
    assert stepper.problem["text"]
    assert stepper.scene["params"] == stepper.defaults
    assert (stepper.row, stepper.rival, stepper.guess, stepper.revealed) == (0, "", None, False)


def test_a_row_beyond_the_end_is_the_last_row():
    stepper = Stepper({**SMALL, "row": 10**9})
    assert stepper.row == stepper.profile.timeline.rows - 1
