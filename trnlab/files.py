"""Files that are written whole or not at all: a full disk leaves what was there before."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TextIO


@contextmanager
def whole(path: str | Path) -> Iterator[TextIO]:
    """A text file to write; it takes its place when all of it is written.

    Raises:
        OSError: it cannot be written; names the file
    """
    target = Path(path).resolve()
    is_device = target.exists() and not target.is_file()  # a terminal, a pipe
    part = target if is_device else target.with_name(f".{target.name}.part")
    try:
        with part.open("w", encoding="utf-8") as file:
            yield file
        if not is_device:
            part.replace(target)
    except BaseException as error:
        if not is_device:
            part.unlink(missing_ok=True)
        if isinstance(error, OSError):
            error.filename = str(path)
        raise
