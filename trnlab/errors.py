"""What the engine says when a kernel asks for what the device would refuse.

Text = operation, what was asked, what is allowed and, where known, the way out. `told` puts what a
kernel itself raises into one line.
"""

import difflib
import sysconfig
import traceback
from pathlib import Path

OURS = str(Path(__file__).parent)
PYTHON = sysconfig.get_path("stdlib")


class KernelError(ValueError):
    """The device, or its compiler, would refuse this."""


class CapacityError(KernelError):
    """The live tiles do not fit into SBUF or PSUM."""


class RaceError(KernelError):
    """Two cores touch the same memory, and nothing orders them."""


class RaceWarning(UserWarning):
    """The pieces of one DMA, or two cores without effect on values, touch the same memory."""


class UnwrittenWarning(UserWarning):
    """A kernel reads, or returns, memory of which it has written only a part."""


class LimitError(ValueError):
    """The work is legal on the device but too large for this simulator."""


def told(error: BaseException) -> str:
    """What somebody's code raised in one line, with the place in that code it came from."""
    said = f"{type(error).__name__}: {' '.join(str(error).split())}{_meant(error)}"
    within = traceback.extract_tb(error.__traceback__)[1:]  # first is who caught it
    theirs = [frame for frame in within if _is_theirs(frame.filename)]
    if isinstance(error, SyntaxError) or not theirs:  # the one says itself where it is
        return said
    return f"{said} ({Path(theirs[-1].filename).name}, line {theirs[-1].lineno})"


def _is_theirs(file: str) -> bool:
    """Whether a file is neither trnlab's nor Python's own."""
    is_python = file.startswith((PYTHON, "<frozen")) and "site-packages" not in file
    return not is_python and not file.startswith(OURS)


def _meant(error: BaseException) -> str:
    """For a name that does not exist, the nearest one that does."""
    if not isinstance(error, AttributeError) or not error.name or error.obj is None:
        return ""
    near = difflib.get_close_matches(error.name, dir(error.obj), 1)
    return f"; did you mean {near[0]}?" if near else ""
