"""The words of the field, one entry each: for the glossary page, lessons, links in prose."""

import json
import re
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).parent / "glossary.json"


class Term(NamedTuple):
    """A word that a reader may not know."""

    term: str
    short: str  # one line
    more: str  # what to know besides
    see: tuple[str, ...]  # other terms
    group: str

    @property
    def anchor(self) -> str:
        """What stands after # in the address of the entry."""
        return re.sub(r"[^a-z0-9]+", "-", self.term.lower()).strip("-")


@cache
def terms() -> Mapping[str, Term]:
    """Every entry by its term, group after group."""
    groups = json.loads(FILE.read_text(encoding="utf-8"))
    return {
        entry["term"]: Term(
            entry["term"], entry["short"], entry["more"], tuple(entry["see"]), group
        )
        for group, entries in groups.items()
        for entry in entries
    }


def term(name: str) -> Term:
    """The entry of a term, written as the glossary writes it.

    Raises:
        ValueError: there is none
    """
    found = terms().get(name)
    if found is None:
        near = [known for known in terms() if known.lower()[:2] == name.lower()[:2]]
        hint = f"; near it are {', '.join(near)}" if near else ""
        raise ValueError(f"the glossary has no {name!r}{hint}; add it to {FILE.name}")
    return found


@cache
def linked() -> list[dict[str, str]]:
    """What a page needs to link terms in its prose; single letters mean too many things."""
    return [
        {"term": entry.term, "anchor": entry.anchor, "short": entry.short}
        for entry in terms().values()
        if len(entry.term) > 1
    ]


def grouped() -> dict[str, list[dict[str, object]]]:
    """The entries as a page shows them, by group, with the anchors of what they refer to."""
    groups: dict[str, list[dict[str, object]]] = {}
    for entry in terms().values():
        see = [{"term": name, "anchor": term(name).anchor} for name in entry.see]
        groups.setdefault(entry.group, []).append(
            {**entry._asdict(), "anchor": entry.anchor, "see": see}
        )
    return groups
