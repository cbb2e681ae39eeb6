"""What counts as right, and what to say to each wrong answer. Text goes in, a verdict comes out."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

from widgets.lesson.amounts import amount

# How far off a number is, said in steps: a factor would tell the answer.
CLOSE = 1.5
FAR = 10
THOUSANDS = re.compile(r"[-+]?\d{1,3}(,\d{3})+(\.\d*)?")


class Verdict(NamedTuple):
    """Whether an answer is right, and the sentence that says why."""

    right: bool
    text: str


class Answer(Protocol):
    """What an exercise needs to know about its answer."""

    @property
    def choices(self) -> list[str]:
        """The answers to choose from; empty if the learner types a number."""

    @property
    def unit(self) -> str:
        """The unit of a typed number, or an empty text."""

    def verdict(self, given: str) -> Verdict:
        """Judge one answer."""


class Then(NamedTuple):
    """What would follow if a number x were right: `plus + by x ** power`, in a sentence.

    Its numbers are those of the moment in which it is made, whatever a later cell does.
    """

    text: str  # with {} for the amount
    by: float
    power: int = 1
    plus: float = 0.0
    unit: str = ""

    def __call__(self, x: float) -> str:
        value = self.plus + self.by * x**self.power
        return self.text.format(amount(value, self.unit, 3)) if value >= 0 else "That cannot be."


@dataclass(frozen=True)
class Number:
    """A number, right within a relative tolerance.

    `wrong` maps numbers that a known mistake leads to onto the sentence that names the mistake.
    `then` says what would follow if another number, above zero, were right.
    """

    value: float
    unit: str = ""
    rel: float = 0.02
    wrong: Mapping[float, str] = field(default_factory=dict)
    then: Then | None = None

    @property
    def choices(self) -> list[str]:
        return []

    def verdict(self, given: str) -> Verdict:
        """Judge a typed number, such as "1,024", "2.4e9", "2,5" or "30 %"."""
        try:
            number = float(_plain(given, self.unit))
        except ValueError:
            return Verdict(False, "This needs a number, such as 12.5 or 2.4e9.")
        if not math.isfinite(number):
            return Verdict(False, "This needs a finite number, such as 12.5 or 2.4e9.")
        if self._is_near(number, self.value):
            return Verdict(True, f"Right: {_read(self.value)} {self.unit}".rstrip() + ".")
        for mistake, why in self.wrong.items():
            if self._is_near(number, mistake):
                return Verdict(False, why)
        return Verdict(False, f"{self._consequence(number)}{self._size(number)}")

    def _is_near(self, number: float, target: float) -> bool:
        return math.isclose(number, target, rel_tol=self.rel, abs_tol=1e-12)

    def _consequence(self, number: float) -> str:
        if self.then is None or number <= 0:
            return ""
        try:
            return f"{self.then(number)} "
        except ArithmeticError:  # a number too far off for its consequence to be computed
            return ""

    def _size(self, number: float) -> str:
        if number * self.value <= 0:
            return "Not yet. Try a hint."
        ratio = number / self.value
        wrong, factor = ("large", ratio) if ratio > 1 else ("small", 1 / ratio)
        if factor < CLOSE:
            return f"Close, but too {wrong}. Try a hint."
        how_far = "less" if factor < FAR else "more"
        return f"Too {wrong}, by {how_far} than a factor of {FAR}. Try a hint."


def _plain(given: str, unit: str) -> str:
    """A number as Python reads it: no unit after it, and a comma taken for what it means."""
    text = given.strip().removesuffix(unit).replace(" ", "")
    return text.replace(",", "") if THOUSANDS.fullmatch(text) else text.replace(",", ".")


def _read(value: float) -> str:
    """Whole numbers in full, others with four digits."""
    return f"{value:,.0f}" if float(value).is_integer() else f"{value:,.4g}"


@dataclass(frozen=True)
class Choice:
    """One right choice among others, each with what would follow if it were right."""

    right: str
    others: Mapping[str, str]
    because: str = ""
    unit: str = ""

    @property
    def choices(self) -> list[str]:
        return sorted([self.right, *self.others])

    def verdict(self, given: str) -> Verdict:
        """Judge one of the choices.

        Raises:
            ValueError: the text is not one of the choices
        """
        if given == self.right:
            return Verdict(True, f"Right. {self.because}".strip())
        if given in self.others:
            return Verdict(False, self.others[given])
        raise ValueError(f"exercise: {given!r} is not one of the choices {self.choices}")
