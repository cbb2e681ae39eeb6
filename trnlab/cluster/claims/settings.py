"""Settings of a claim's knobs: defaults, checks, and the verdict for all of a map's settings."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import NamedTuple

from .catalog import CLAIMS
from .records import Claim, Dial, Judgement, Knob, Settings
from .verdict import Verdict, verdict


class Cell(NamedTuple):
    """One setting of the map."""

    row: str
    column: str
    found: float | None
    verdict: Verdict


def claim(name: str) -> Claim:
    """The claim of that name.

    Raises:
        ValueError: there is none
    """
    if name in CLAIMS:
        return CLAIMS[name]
    raise ValueError(f"claim: {name!r:.60} is not one of {', '.join(CLAIMS)}")


def defaults(name: str) -> dict[str, str]:
    """The setting in which a claim was meant."""
    found = claim(name)
    knobs = {knob.name: knob.options[0].value for knob in found.knobs}
    return {**knobs, **{dial.name: f"{dial.value:g}" for dial in found.dials}}


def settle(name: str, settings: Mapping[str, object]) -> dict[str, str]:
    """A complete setting: what is left out stays at its default.

    Raises:
        ValueError: a knob that the claim does not have, or a position that the knob does not
    """
    found, complete = claim(name), defaults(name)
    for knob, value in settings.items():
        if knob not in complete:
            raise ValueError(f"{name}: {knob!r:.40} is no knob; there are {', '.join(complete)}")
        complete[knob] = str(value)
    for each in found.knobs:
        _check_option(name, each, complete[each.name])
    for dial in found.dials:
        complete[dial.name] = _checked_number(name, dial, complete[dial.name])
    return complete


def judge(name: str, **settings: object) -> Judgement:
    """What the figures give for a claim.

    Args:
        settings: knobs by name; those left out are as the claim was meant
    Raises:
        ValueError: no such claim, knob or position
    """
    return claim(name).judge(settle(name, settings))


def outlook(name: str, settings: Mapping[str, object]) -> list[Cell]:
    """The verdict for every position of the two knobs of a claim's map; others stay."""
    found, complete = claim(name), settle(name, settings)
    rows, columns = (_knob(found, axis) for axis in found.axes)
    return [
        _cell(found, {**complete, rows.name: row.value, columns.name: column.value})
        for row in rows.options
        for column in columns.options
    ]


def _cell(found: Claim, settings: Settings) -> Cell:
    judged = found.judge(settings)
    row, column = (settings[axis] for axis in found.axes)
    return Cell(row, column, judged.found, verdict(judged))


def _knob(found: Claim, name: str) -> Knob:
    return next(knob for knob in found.knobs if knob.name == name)


def _check_option(name: str, knob: Knob, value: str) -> None:
    allowed = [option.value for option in knob.options]
    if value not in allowed:
        raise ValueError(f"{name}: {knob.name} = {value!r:.60} is not one of {'; '.join(allowed)}")


def _checked_number(name: str, dial: Dial, value: str) -> str:
    try:
        number = float(value)
    except ValueError:
        number = math.nan
    if not dial.low <= number <= dial.high:
        raise ValueError(
            f"{name}: {dial.label} = {value[:20]!r} should be a number from {dial.low:g} to "
            f"{dial.high:g} {dial.unit}"
        )
    return f"{number:g}"
