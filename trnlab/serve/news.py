"""What is new: the latest entries of CHANGELOG.md."""

import re
from pathlib import Path
from typing import NamedTuple

from trnlab.serve.lessons import ROOT

CHANGELOG = ROOT / "CHANGELOG.md"
_ENTRY = re.compile(r"^- \[(NEW|FIX|MODEL)\] (.+(?:\n  .+)*)", re.MULTILINE)


class Entry(NamedTuple):
    """One line of the changelog."""

    tag: str  # NEW, FIX or MODEL
    text: str


def news(limit: int = 4, page: Path = CHANGELOG) -> list[Entry]:
    """The latest entries of the newest version, last first; its entries are added at the end."""
    if not page.exists():
        return []
    _, _, newest = page.read_text(encoding="utf-8").partition("\n## ")
    found = _ENTRY.findall(newest.partition("\n## ")[0])
    entries = [Entry(tag, " ".join(text.replace("`", "").split())) for tag, text in found]
    return entries[::-1][:limit]
