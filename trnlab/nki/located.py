"""The line of the kernel, for errors that a kernel raises."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from trnlab.errors import KernelError, LimitError
from trnlab.nki.argument_kinds import PYTHON_ERRORS, wrong_kind

ENGINE = ("trnlab.nki", "trnlab.isa", "trnlab.memory", "trnlab.trace", "trnlab.numerics", "numpy")


@contextmanager
def located(filename: str) -> Iterator[None]:
    """Errors of the engine end with the line of the kernel's file that was running.

    Those of Python that an argument of the wrong kind leads to become errors of the engine.
    """
    try:
        yield
    except (KernelError, LimitError) as error:
        error.args = (_with_line(str(error), error, filename),)
        raise
    except PYTHON_ERRORS as error:
        sentence = wrong_kind(error)
        if sentence is None:
            raise
        raise KernelError(_with_line(sentence, error, filename)) from error


def _with_line(sentence: str, error: BaseException, filename: str) -> str:
    line = _line(error, filename)
    return f"{sentence} (line {line})" if line else sentence


def _line(error: BaseException, filename: str) -> int:
    """The innermost line of a file that an error passed; 0 if it passed none, or is its own."""
    frames = list(traceback.walk_tb(error.__traceback__))
    if not frames[-1][0].f_globals.get("__name__", "").startswith(ENGINE):
        return 0
    lines = [line for frame, line in frames if frame.f_code.co_filename == filename]
    return lines[-1] if lines else 0
