"""The explanation of a run, its critical path and its range as plain data for the browser."""

import inspect
import linecache
import re
from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from trnlab.metrics import Profile
from trnlab.metrics.explain import Cause
from trnlab.nki.kernel import plain
from widgets.core_diagram.labels import title

MAX_PARTS = 12  # of the critical path
MAX_EFFECTS = 8
# What to show in the timeline for a cause: what it is about, by the timeline's own names.
SHOWN = {
    "function tables": {"op": "LoadTable"},
    "ramp of TensorE": {"engine": "tensor"},
    "PSUM banks": {"wait": "psum bank"},
    "SBUF space": {"wait": "sbuf space"},
    "buffers in use": {"wait": "operand in use"},
    "semaphores": {"wait": "data"},
    "FP32 matmuls": {"op": "MultiplyMoving"},
    "transposes": {"engine": "tensor"},
}
TRANSFERS = {"engine": "dma"}  # what all other causes are about


def why(run: Profile, kernel: Callable[..., Any], judged: Sequence[Cause]) -> dict[str, Any]:
    """Ranked causes with what fixing each would save, idle time of the busiest engine, the path.

    Args:
        kernel: what was profiled, for its source
        judged: what each suspect costs
    """
    found = run.explain(judged)
    return {
        "text": micro(found.busiest),
        "engine": found.engine,
        "gaps": [
            {"kind": gap.why, "us": gap.seconds * 1e6, "count": gap.times, "text": micro(gap.text)}
            for gap in found.gaps
        ],
        "causes": [
            {
                "name": cause.name,
                "us": cause.saved_s * 1e6,
                "share": cause.saved_s / found.total_s,
                "text": micro(cause.text),
                "shown": SHOWN.get(cause.name, TRANSFERS),
            }
            for cause in found.causes
        ],
        **path(run, kernel),
    }


def path(run: Profile, kernel: Callable[..., Any]) -> dict[str, Any]:
    """The critical path: its rows, and its time by lane, instruction and line of the source."""
    links = run.critical_path()
    parts: dict[tuple[str, str, int], list[float]] = defaultdict(list)
    for link in links:
        parts[link.lane, link.op, link.line].append(link.seconds * 1e6)
    ranked = sorted(parts.items(), key=lambda part: -sum(part[1]))
    return {
        "path": np.array([link.row for link in links], np.int32).tobytes(),
        "parts": [
            {"lane": lane, "op": op, "line": line, "us": sum(us), "count": len(us),
             "code": _code(kernel, line)}
            for (lane, op, line), us in ranked[:MAX_PARTS]
        ],
        "rest_us": sum(sum(us) for _, us in ranked[MAX_PARTS:]),
    }  # fmt: skip


def _code(kernel: Callable[..., Any], line: int) -> str:
    """A line of the kernel's file, with the next one if it only opens a bracket."""
    path = inspect.getsourcefile(plain(kernel)) or ""
    text = linecache.getline(path, line).strip()
    return text + linecache.getline(path, line + 1).strip() if text.endswith("(") else text


def band(run: Profile) -> dict[str, Any]:
    """The predicted time between its ends, and the constants that it hangs on most."""
    found = run.band
    return {
        "fast_us": found.fast_s * 1e6,
        "predicted_us": found.predicted_s * 1e6,
        "slow_us": found.slow_s * 1e6,
        "effects": [
            {"name": title(e.field), "fast_us": e.fast_s * 1e6, "slow_us": e.slow_s * 1e6,
             "why": f"{e.field}. {e.assumption.why}"}
            for e in found.effects[:MAX_EFFECTS]
        ],
    }  # fmt: skip


def micro(text: str) -> str:
    """The engine writes us and 5%; a page has the sign, and a space."""
    return re.sub(r"(?<=\d)%", " %", text.replace(" us", " \N{MICRO SIGN}s"))
