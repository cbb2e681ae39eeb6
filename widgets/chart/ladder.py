"""Ladder: the time of each rung of an optimization, one bar each, with its utilization."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import altair as alt


def data(profiles: Mapping[str, Any], current: str) -> dict[str, dict[str, list[Any]]]:
    """The chart's columns from profiles by name, first rung first; `current` is drawn in accent."""
    return {
        "rungs": {
            "kernel": list(profiles),
            "time_us": [profile.total_us for profile in profiles.values()],
            "mfu": [profile.mfu for profile in profiles.values()],
            "current": [name == current for name in profiles],
        }
    }


def draw() -> "alt.LayerChart":
    """Horizontal bars in the order given; the label says the time and the MFU."""
    import altair as alt

    rungs = alt.Chart(alt.NamedData("rungs")).encode(
        x=alt.X("time_us:Q", axis=alt.Axis(tickCount=6)).title("time, microseconds"),
        y=alt.Y("kernel:N", sort=None).title(None),
    )
    bars = rungs.mark_bar().encode(
        color=alt.Color("current:N", legend=None).scale(domain=[False, True], range="category"),
        tooltip=[
            alt.Tooltip("kernel:N"),
            alt.Tooltip("time_us:Q", format=",.4~g", title="microseconds"),
            alt.Tooltip("mfu:Q", format=".1%", title="MFU"),
        ],
    )
    words = rungs.mark_text(align="left", dx=6).encode(text="label:N")
    label = "format(datum.time_us, ',.3~r') + ' \N{MICRO SIGN}s, MFU ' + format(datum.mfu, '.1%')"
    return alt.layer(bars, words.transform_calculate(label=label)).properties(
        height=alt.Step(40),
        usermeta={
            "title": "Time of each rung",
            "about": "rungs",
            "sentence": "{kernel} takes {time_us:,.4g} us at {mfu:.1%} MFU",
            "columns": {"rungs": ["kernel", "time_us", "mfu", "current"]},
        },
    )
