"""A tour sets its dashboard at the browser's word, and keeps what the learner has."""

from typing import Any

import pytest

from tests.widgets.test_lesson import browser_sets
from widgets import lesson


class Board:
    """A dashboard that remembers what it was set to."""

    def __init__(self) -> None:
        self.state: dict[str, Any] = {"size": 1, "guess": 5}

    def saved(self) -> dict[str, Any]:
        return self.state

    def restore(self, state: Any) -> None:
        self.state = {"size": 1, "guess": None, **state}


def said(tour: lesson.Tour, message: object) -> None:
    tour._handle_custom_msg(message, [])


@pytest.fixture
def tour() -> lesson.Tour:
    steps = [lesson.Step("Small.", {"size": 2}), lesson.Step("Large.", {"size": 9}, "Why?", "So.")]
    return lesson.Tour(Board(), steps, keep=("guess", "unknown"))


def test_it_has_not_begun_and_has_set_nothing(tour):
    assert tour.at == -1 and tour.dashboard.state == {"size": 1, "guess": 5}


def test_a_step_sets_the_dashboard_and_leaves_what_is_the_learner_s(tour):
    said(tour, {"kind": "show", "step": 1})
    assert tour.dashboard.state == {"size": 9, "guess": 5}
    said(tour, {"kind": "show", "step": 0})
    assert tour.dashboard.state == {"size": 2, "guess": 5}


@pytest.mark.parametrize(
    "message",
    ["show", None, {"kind": "show"}, {"kind": "show", "step": 2}, {"kind": "show", "step": -1},
     {"kind": "show", "step": "1"}, {"kind": "run", "step": 1}],
)  # fmt: skip
def test_what_is_no_step_sets_nothing(tour, message):
    said(tour, message)
    assert tour.dashboard.state == {"size": 1, "guess": 5}


def test_the_browser_keeps_the_place(tour):
    browser_sets(tour, at=1, hints_shown=2)
    assert (tour.at, tour.hints_shown) == (1, 2)


def test_a_tour_without_steps_is_refused():
    with pytest.raises(ValueError, match="Tour: give at least one step"):
        lesson.Tour(Board(), [])
