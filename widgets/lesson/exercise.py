"""A question with graduated hints, an instant check and a solution."""

from collections.abc import Sequence
from pathlib import Path

import anywidget
import traitlets

from widgets.lesson.answers import Answer
from widgets.lesson.style import CSS

HERE = Path(__file__).parent


class Exercise(anywidget.AnyWidget):
    """One exercise: the answer is judged in Python, at each attempt.

    `given`, `attempts` and `hints_shown` are the learner's state; `right` and `verdict` are read
    from the answer. The solution opens once the answer is right or all hints are shown.

    Args:
        number: what a class calls it, such as "2.3": of its lesson, and within it
    Raises:
        ValueError: there is no hint
    """

    _esm = HERE / "exercise.js"
    _css = CSS

    number = traitlets.Unicode().tag(sync=True)
    question = traitlets.Unicode().tag(sync=True)
    choices = traitlets.List(traitlets.Unicode()).tag(sync=True)
    unit = traitlets.Unicode().tag(sync=True)
    hints = traitlets.List(traitlets.Unicode()).tag(sync=True)
    solution = traitlets.Unicode().tag(sync=True)
    given = traitlets.Unicode().tag(sync=True)
    attempts = traitlets.Int(0).tag(sync=True)
    hints_shown = traitlets.Int(0, min=0).tag(sync=True)
    right = traitlets.Bool(False).tag(sync=True)
    verdict = traitlets.Unicode().tag(sync=True)

    def __init__(
        self, number: str, question: str, answer: Answer, hints: Sequence[str], solution: str
    ) -> None:
        if not hints:
            raise ValueError("Exercise: give at least one hint")
        self.answer = answer
        super().__init__(
            number=number,
            question=question,
            choices=answer.choices,
            unit=answer.unit,
            hints=list(hints),
            solution=solution,
        )

    @traitlets.observe("attempts")
    def _judge(self, change) -> None:
        if change.new:
            self.right, self.verdict = self.answer.verdict(self.given)
