"""A judged claim as plain data for the browser: every number already written out."""

import re
from collections.abc import Mapping
from typing import Any

from trnlab.cluster import claims
from trnlab.cluster.claims import Claim, Evidence, Knob
from widgets.lesson import amount

GUESSES = {
    claims.FOLLOWS: "It follows from the published figures",
    claims.CONTRADICTED: "The published figures contradict it",
    claims.OPEN: "Public figures cannot decide it",
}
_FOLDER = re.compile(r"\b[\w-]+(?:/[\w-]+)*/(?=[\w-]+\.rst)")  # of a document
_BINARY_LIMIT = 2**40  # below a TiB, sizes are whole GiB


def card(name: str, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Everything that a card shows for one setting.

    Raises:
        ValueError: no such claim, knob or position
    """
    claim, complete = claims.claim(name), claims.settle(name, settings)
    judged = claim.judge(complete)
    found = claims.verdict(judged)
    statement = judged.statement
    return {
        "name": name,
        "title": claim.title,
        "question": claim.question,
        "says": statement.says,
        "speaker": statement.speaker,
        "source": statement.source,
        "knobs": [
            _knob(knob, complete[knob.name]) for knob in claim.knobs if len(knob.options) > 1
        ],
        "dials": [{**vars(dial), "value": complete[dial.name]} for dial in claim.dials],
        "kind": found.kind,
        "mark": found.mark,
        "verdict": found.text,
        "claimed": factor(statement.value, judged.unit, statement.relation),
        "claimed_value": statement.value,
        "found": None if judged.found is None else factor(judged.found, judged.unit),
        "found_value": judged.found,
        "how": judged.how,
        "note": judged.note,
        "shares": [[each.what, each.factor, times(each.factor)] for each in judged.shares],
        "evidence": [_evidence(each) for each in judged.evidence],
        "map": _map(claim, complete),
        "settles": list(claim.settles),
        "meant": meant(name),
    }


def meant(name: str) -> str:
    """The kind of verdict in the setting in which the claim was meant."""
    return claims.verdict(claims.judge(name)).kind


def times(value: float) -> str:
    """A factor with three significant digits: "2.25 ×"."""
    return f"{value:,.3g} ×" if value < 1e3 else f"{value:,.0f} ×"


def factor(value: float, unit: str, relation: str = "") -> str:
    """A figure of a statement: "more than 4 times", "144 chips"."""
    digits = f"{value:,.3g}" if value < 1e3 else f"{value:,.0f}"
    return f"{relation} {digits} {unit}".strip()


def _knob(knob: Knob, value: str) -> dict[str, Any]:
    options = [[option.value, option.label, option.short] for option in knob.options]
    return {"name": knob.name, "label": knob.label, "options": options, "value": value}


def _evidence(each: Evidence) -> dict[str, str]:
    return {
        "what": each.what,
        "value": quantity(each.value, each.unit),
        "status": each.status,
        "source": _FOLDER.sub("", each.source),
    }


def quantity(value: float, unit: str) -> str:
    """A figure with its unit; large memories in TB, as AWS sums them up."""
    if unit == "B" and value >= _BINARY_LIMIT:
        prefix, size = ("P", 1e15) if value >= 1e15 else ("T", 1e12)
        return f"{value / size:,.4g} {prefix}B"
    if unit == "FLOP/s" and value >= 1e18:
        return f"{value / 1e18:,.4g} EFLOP/s"
    if unit == "W" and value >= 1e6:
        return f"{value / 1e9:,.3g} GW" if value >= 1e9 else f"{value / 1e6:,.3g} MW"
    return amount(value, unit)


def _map(claim: Claim, settings: Mapping[str, str]) -> dict[str, Any]:
    rows, columns = (next(knob for knob in claim.knobs if knob.name == axis) for axis in claim.axes)
    cells = claims.outlook(claim.name, settings)
    holding = sum(cell.verdict.holds is True for cell in cells)
    unknown = sum(cell.verdict.holds is None for cell in cells)
    rest = f"; {unknown} cannot be judged" if unknown else ""
    return {
        "rows": _knob(rows, settings[rows.name]),
        "columns": _knob(columns, settings[columns.name]),
        "cells": [
            {
                "row": cell.row,
                "column": cell.column,
                "mark": cell.verdict.mark,
                "kind": cell.verdict.kind,
                "holds": cell.verdict.holds,
                "found": "" if cell.found is None else f"{cell.found:,.3g}",
                "text": cell.verdict.text,
            }
            for cell in cells
        ],
        "sentence": f"It holds in {holding} of these {len(cells)} settings{rest}.",
    }
