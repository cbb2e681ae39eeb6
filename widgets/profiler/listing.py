"""The gallery as the start page lists it, which starts no kernel: `make gallery` writes it."""

import json
from typing import Any

from trnlab.serve.settings import GALLERY as FILE
from widgets.dashboard import link
from widgets.profiler.gallery import GALLERY


def listing() -> list[dict[str, Any]]:
    """The kernels by group, each with the state that opens the profiler on it."""
    groups: dict[str, list[dict[str, str]]] = {}
    for name, entry in GALLERY.items():
        state = link.pack({"kernel": name, "size": next(iter(entry.sizes))})
        groups.setdefault(entry.group, []).append({"title": entry.title, "state": state})
    return [{"group": group, "kernels": kernels} for group, kernels in groups.items()]


def text() -> str:
    """The file's text."""
    return json.dumps(listing(), indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    FILE.write_text(text(), encoding="utf-8")
