"""A product in six formats: error, time and bytes, and when the fourfold rate survives."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, replace
from functools import partial
from typing import Any

import numpy as np

from trnlab.kernels.matmul import TILE_M
from trnlab.metrics import Profile
from trnlab.schedule.timeline import ENGINE_TITLE, ENGINES
from widgets.dashboard import trust
from widgets.lesson.amounts import percent
from widgets.numbers import bundle
from widgets.numbers.choices import one_of
from widgets.numbers.part import Part
from widgets.numbers.products import CHIP, SIZES, SPECS, VARIANTS, Product, measured_db
from widgets.numbers.words import decibel

DATA = [["normal", "Normal"], ["outliers", "Activations with outlier channels"]]
SWEPT = ("fp8", "mxfp8-core", "mxfp8")
WORK = {  # what a device instruction is for
    "MultiplyMoving": "multiply",
    "quantize_mx": "quantize_mx",
    "tensor_scalar": "copy out of PSUM",
    "DmaTrigger": "start transfers",
}
BEHIND = ("LoadStationary",)  # hides behind the multiplies
BAND_ROWS = 3_000  # a range needs some sixty schedules


class ProductPart(Part):
    """One product, six formats, one of them looked at closely."""

    _esm = bundle.module("product")
    name = "product"
    first = {**asdict(Product()), "chosen": "mxfp8-core"}

    def __init__(self, *args: Any, **options: Any) -> None:
        self.fixed = {
            "sizes": {name: [[str(n), f"{n:,}"] for n in sizes] for name, sizes in SIZES.items()},
            "interleave": list(SPECS.items()),
            "tile": TILE_M,
            "data": DATA,
            "honesty": {key: trust.honesty(CHIP)[key] for key in ("badge", "why")},
        }
        self.runs: dict[str, Profile] = {}
        super().__init__(*args, **options)

    def answer(self, params: Mapping[str, Any]) -> dict[str, Any]:
        """Time, error and bytes of every format."""
        product = Product.of(params)
        chosen = one_of("format", params["chosen"], VARIANTS)
        runs = {name: variant.time(product) for name, variant in VARIANTS.items()}
        self.product, self.runs, self.chosen = product, runs, chosen
        base = runs["bf16"]
        points = [_point(name, run, base, product) for name, run in runs.items()]
        by = {point["name"]: point for point in points}
        return {
            "points": points,
            "chosen": chosen,
            "label": VARIANTS[chosen].label,
            "work": work(runs[chosen]),
            "total_us": runs[chosen].total_us,
            "words": _words(by[chosen], product),
        }

    def later(self) -> list[Callable[[], None]]:
        """The same for other M, then the range of the chosen time."""
        speedups: dict[str, list[float]] = {name: [] for name in SWEPT}
        jobs: list[Callable[[], None]] = [
            partial(self._sweep, m, speedups, self.answers) for m in SIZES["M"]
        ]
        return [*jobs, partial(self._finish, speedups, self.answers)]

    def _sweep(self, m: int, speedups: dict[str, list[float]], _id: int) -> None:
        product = replace(self.product, M=m)
        known = self.runs if m == self.product.M else {}
        times = {
            name: (known.get(name) or VARIANTS[name].time(product)).total_s
            for name in ("bf16", *SWEPT)
        }
        for name in SWEPT:
            speedups[name].append(times["bf16"] / times[name])

    def _finish(self, speedups: dict[str, list[float]], id: int) -> None:
        run = self.runs[self.chosen]
        self.runs = {self.chosen: run}  # a visitor keeps one
        causes = run.explain().causes[:2]
        band = run.band if run.timeline.rows <= BAND_ROWS else None
        self.more = {
            "id": id,
            "sizes": list(SIZES["M"]),
            "lines": [[name, VARIANTS[name].label, found] for name, found in speedups.items()],
            "causes": [[cause.text.replace(" us", " µs"), cause.saved_s * 1e6] for cause in causes],
            "range_us": [band.fast_s * 1e6, band.slow_s * 1e6] if band else None,
        }


def tensor_s(run: Profile) -> float:
    """Seconds in which TensorE multiplies, waits left aside."""
    line = run.timeline
    return float(line["busy_s"][line["lane"] == line.lanes.index("tensor")].sum())


def _point(name: str, run: Profile, base: Profile, product: Product) -> dict[str, Any]:
    db = measured_db(name, product.K, product.data)
    busy = {engine: run.busy[engine] for engine in ENGINES}
    busiest = max(busy, key=busy.__getitem__)
    return {
        "name": name,
        "label": VARIANTS[name].label,
        "note": VARIANTS[name].note,
        "us": run.total_us,
        "db": db,
        "error": decibel(db),
        "bytes": run.hbm_bytes,
        "speedup": base.total_s / run.total_s,
        "tensor_speedup": tensor_s(base) / tensor_s(run),
        "peak_speedup": _peak(run) / _peak(base),
        "busiest": ENGINE_TITLE[busiest],
        "busy": busy[busiest],
        "tensor_busy": busy["tensor"],
    }


def _peak(run: Profile) -> float:
    """TensorE's peak in the mode that a run multiplies in."""
    mode = {"blocked": "bfloat16", "double_row": "float8_double_row"}.get(run.name, "mx")
    return run.core.tensor.peak_flops_per_s(mode)


def work(run: Profile) -> list[dict[str, Any]]:
    """What each engine does in a run: microseconds by kind of work."""
    line, found = run.timeline, []
    for engine in ENGINES:
        parts: dict[str, float] = {}
        if engine == "dma":
            parts["move data"] = run.busy[engine] * run.total_us
        else:
            for row in np.flatnonzero(line["engine"] == ENGINES.index(engine)):
                kind = _purpose(run, int(row))
                parts[kind] = parts.get(kind, 0.0) + float(line["busy_s"][row]) * 1e6
        parts.pop("", None)
        if parts:
            title = ENGINE_TITLE[engine]
            found.append({"engine": engine, "title": title, "parts": list(parts.items())})
    return found


def _purpose(run: Profile, row: int) -> str:
    line = run.timeline
    op = line.ops[line["op"][row]]
    if op in BEHIND:
        return ""
    if op == "tensor_copy":
        read = run.trace.calls[line["call"][row]].kind.reads[0]
        return "copy out of PSUM" if read.memory == "psum" else "interleave"
    return WORK.get(op, op)


def _words(point: Mapping[str, Any], product: Product) -> str:
    gain, ideal = point["speedup"], point["tensor_speedup"]
    if point["name"] == "bf16":
        return f"BF16 takes {point['us']:.1f} µs; the others are compared with it."
    uses = product.M // TILE_M
    total = f"{gain:.1f} times faster" if gain >= 1 else f"{1 / gain:.0f} times slower"
    cold = ", some of it with a cold clock," if ideal < 0.95 * point["peak_speedup"] else ""
    tiles = "tile of activations is used " + (f"{uses} times" if uses > 1 else "once")
    return (
        f"{point['label']}: TensorE multiplies{cold} {ideal:.1f} times faster than in BF16; the "
        f"whole product is {total}. Each {tiles}, and {point['busiest']} is the busiest: "
        f"{percent(point['busy'])} of the time."
    )
