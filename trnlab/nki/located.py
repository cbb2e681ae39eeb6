"""The line of the kernel, for errors that a kernel raises."""

import traceback
from collections.abc import Iterator
from contextlib import contextmanager

from trnlab.errors import KernelError, LimitError
from trnlab.nki.argument_kinds import PYTHON_ERRORS, wrong_kind
from trnlab.nki.wrong_calls import CallError, wrong_call

ENGINE = ("trnlab.nki", "trnlab.isa", "trnlab.memory", "trnlab.trace", "trnlab.numerics", "numpy")


@contextmanager
def located(filename: str) -> Iterator[None]:
    """Errors of the engine end with the line of the kernel's file that was running.

    Those of Python that a wrong call leads to, or an argument of the wrong kind, become errors of
    the engine.
    """
    try:
        yield
    except (KernelError, LimitError) as error:
        error.args = (_with_line(str(error), error, filename),)
        raise
    except PYTHON_ERRORS as error:
        if (sentence := wrong_call(error)) is not None:
            raise CallError(_with_line(sentence, error, filename, ())) from error
        if (sentence := wrong_kind(error)) is not None:
            raise KernelError(_with_line(sentence, error, filename)) from error
        raise


def _with_line(
    sentence: str, error: BaseException, filename: str, within: tuple[str, ...] = ENGINE
) -> str:
    line = _line(error, filename, within)
    return f"{sentence} (line {line})" if line else sentence


def _line(error: BaseException, filename: str, within: tuple[str, ...]) -> int:
    """The innermost line of a file that an error passed; 0 if it passed none, or is its own.

    Args:
        within: modules that an error comes from; none: any
    """
    frames = list(traceback.walk_tb(error.__traceback__))
    if within and not frames[-1][0].f_globals.get("__name__", "").startswith(within):
        return 0
    lines = [line for frame, line in frames if frame.f_code.co_filename == filename]
    return lines[-1] if lines else 0
