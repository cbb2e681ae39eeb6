"""The line of the kernel, for errors that a kernel raises."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from trnlab.errors import KernelError, LimitError

ENGINE = ("trnlab.nki", "trnlab.isa", "trnlab.memory", "trnlab.trace", "trnlab.numerics")


@contextmanager
def located(filename: str) -> Iterator[None]:
    """Errors of the engine end with the line of the kernel's file that was running."""
    try:
        yield
    except (KernelError, LimitError) as error:
        line = _line(error, filename)
        if line:
            error.args = (f"{error} (line {line})",)
        raise


def _line(error: BaseException, filename: str) -> int:
    """The innermost line of a file that an error passed; 0 if it passed none, or is its own."""
    frames = list(traceback.walk_tb(error.__traceback__))
    if not frames[-1][0].f_globals.get("__name__", "").startswith(ENGINE):
        return 0
    lines = [line for frame, line in frames if frame.f_code.co_filename == filename]
    return lines[-1] if lines else 0
