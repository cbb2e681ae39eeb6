"""Predict, then reveal: the learner commits to a guess before the answer is shown."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import anywidget
import traitlets

from widgets.lesson.style import CSS

HERE = Path(__file__).parent


class Predict(anywidget.AnyWidget):
    """A guess and its reveal. Nothing else on the page waits for it.

    With `choices` the learner picks one and `answer` is one of them; without, the learner types
    a number in `unit` and `answer` is a number. `because` says what would follow from each wrong
    choice. `reveal` is HTML. `guess` and `revealed` are the learner's state: save and set them.

    Raises:
        ValueError: the answer is not one of the choices, or `because` names another choice
    """

    _esm = HERE / "predict.js"
    _css = CSS

    question = traitlets.Unicode().tag(sync=True)
    choices = traitlets.List(traitlets.Unicode()).tag(sync=True)
    answer = traitlets.Union([traitlets.Unicode(), traitlets.Float()]).tag(sync=True)
    unit = traitlets.Unicode().tag(sync=True)
    because = traitlets.Dict().tag(sync=True)
    reveal = traitlets.Unicode().tag(sync=True)
    guess = traitlets.Unicode().tag(sync=True)
    revealed = traitlets.Bool(False).tag(sync=True)

    def __init__(
        self,
        question: str,
        choices: Sequence[str] = (),
        *,
        answer: str | float,
        reveal: str,
        unit: str = "",
        because: Mapping[str, str] | None = None,
    ) -> None:
        because = dict(because or {})
        for name in (answer, *because) if choices else because:
            if name not in choices:
                raise ValueError(f"Predict: {name!r} is not one of the choices {list(choices)}")
        super().__init__(
            question=question,
            choices=list(choices),
            answer=answer,
            unit=unit,
            because=because,
            reveal=reveal,
        )
