"""A choice that somebody made, checked: links and cells carry anything."""

from collections.abc import Iterable
from typing import Any


def one_of(what: str, value: Any, allowed: Iterable[str]) -> str:
    """The value, if it is one of the names.

    Raises:
        ValueError: it is not
    """
    names = list(allowed)
    if isinstance(value, str) and value in names:
        return value
    raise ValueError(f"{what}: {str(value)[:30]!r} is not one of {', '.join(names)}.")
