"""Roofline: what each kernel reaches, under what compute and HBM allow at its intensity."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import altair as alt


def data(profiles: Mapping[str, Any], current: str) -> dict[str, dict[str, list[Any]]]:
    """The chart's columns from profiles by name, all of one chip; `current` is drawn in accent."""
    lines = {name: profile.roofline for name, profile in profiles.items()}
    lines = {name: line for name, line in lines.items() if line.intensity > 0}  # a log axis
    roof = next(iter(profiles.values())).roofline
    reached = [line.intensity for line in lines.values()]
    ends = [min([*reached, roof.knee]) / 2, roof.knee, max([*reached, roof.knee]) * 2]
    return {
        "points": {
            "kernel": list(lines),
            "intensity": reached,
            "tflops": [line.flops_per_s / 1e12 for line in lines.values()],
            "bound": ["compute" if at >= roof.knee else "memory" for at in reached],
            "current": [name == current for name in lines],
        },
        "roof": {
            "intensity": ends,
            "tflops": [min(roof.peak_flops_per_s, at * roof.hbm_bytes_per_s) / 1e12 for at in ends],
        },
    }


def draw() -> "alt.LayerChart":
    """Points over a roof, both axes logarithmic and labelled as such."""
    import altair as alt

    x = alt.X("intensity:Q", axis=alt.Axis(grid=False, labelSeparation=6)).title(
        "FLOP per HBM byte (log)"
    )
    y = alt.Y("tflops:Q", axis=alt.Axis(grid=False)).title("TFLOP/s (log)")
    x, y = x.scale(type="log", nice=False), y.scale(type="log")
    roof = alt.Chart(alt.NamedData("roof")).mark_line(strokeWidth=2).encode(x, y)
    points = alt.Chart(alt.NamedData("points")).encode(x, y)
    marks = points.mark_point(size=140, strokeWidth=2, opacity=1).encode(
        shape=alt.Shape("kernel:N", legend=None, sort=None),
        color=alt.Color("current:N", legend=None).scale(domain=[False, True], range="category"),
        fillOpacity=alt.condition("datum.current", alt.value(1), alt.value(0)),
        fill=alt.Fill("current:N", legend=None).scale(domain=[False, True], range="category"),
        tooltip=[
            alt.Tooltip("kernel:N"),
            alt.Tooltip("tflops:Q", format=".3~g", title="TFLOP/s"),
            alt.Tooltip("intensity:Q", format=".3~g", title="FLOP per byte"),
            alt.Tooltip("bound:N", title="bound by"),
        ],
    )
    words = points.mark_text(align="left", dx=10, dy=14).encode(text="kernel:N")
    return alt.layer(roof, marks, words).properties(
        height=320,
        usermeta={
            "title": "Roofline, both axes logarithmic",
            "about": "points",
            "sentence": "{kernel} reaches {tflops:.3g} TFLOP/s at {intensity:.3g} FLOP per byte,"
            " under the {bound} roof",
            "columns": {
                "points": ["kernel", "intensity", "tflops", "bound", "current"],
                "roof": ["intensity", "tflops"],
            },
        },
    )
