"""Validation: what the model predicts against what was published, one point for each figure."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import altair as alt

SHARE, OTHER = "share of the time, %", "time, rate or MFU"
FITTED, HELD_OUT = "calibration", "held out"


def data(rows: Sequence[Any]) -> dict[str, dict[str, list[Any]]]:
    """The chart's columns from rows of the validation table."""
    values = [value for row in rows for value in (row.published, row.predicted)]
    ends = [min(values) / 1.5, max(values) * 1.5]
    return {
        "figures": {
            "workload": [row.workload for row in rows],
            "quantity": [row.quantity for row in rows],
            "unit": [row.unit for row in rows],
            "published": [row.published for row in rows],
            "predicted": [row.predicted for row in rows],
            "error": [row.error for row in rows],
            "kind": [SHARE if row.unit == "%" else OTHER for row in rows],
            "set": [HELD_OUT if row.is_held_out else FITTED for row in rows],
        },
        "exact": {"published": ends, "predicted": ends},
    }


def draw() -> "alt.LayerChart":
    """Points around the diagonal on which the model would be exact; both axes logarithmic."""
    import altair as alt

    axis = alt.Axis(grid=False, tickCount=5, format="~s")
    scale = alt.Scale(type="log", nice=False)
    x = alt.X("published:Q", axis=axis, scale=scale).title("published, in the figure's unit (log)")
    y = alt.Y("predicted:Q", axis=axis, scale=scale).title("predicted (log)")
    exact = alt.Chart(alt.NamedData("exact")).mark_line(strokeWidth=1.5).encode(x, y)
    kind = alt.Scale(domain=[OTHER, SHARE], range=["circle", "square"])
    points = (
        alt.Chart(alt.NamedData("figures"))
        .mark_point(size=90, strokeWidth=2, opacity=1)
        .encode(
            x,
            y,
            shape=alt.Shape("kind:N", legend=None, scale=kind),
            color=alt.Color("kind:N", legend=None).scale(domain=[SHARE, OTHER], range="category"),
            fill=alt.Fill("kind:N", legend=None).scale(domain=[SHARE, OTHER], range="category"),
            fillOpacity=alt.condition(alt.datum.set == HELD_OUT, alt.value(1), alt.value(0)),
            tooltip=[
                alt.Tooltip("set:N"),
                alt.Tooltip("workload:N"),
                alt.Tooltip("quantity:N"),
                alt.Tooltip("unit:N"),
                alt.Tooltip("published:Q", format=",.4~g"),
                alt.Tooltip("predicted:Q", format=",.4~g"),
                alt.Tooltip("error:N"),
            ],
        )
    )
    return alt.layer(exact, points).properties(
        height=340,
        usermeta={
            "title": "Predicted against published, both axes logarithmic",
            "about": "figures",
            "sentence": "{workload}, {quantity}: published {published:,.4g}, predicted"
            " {predicted:,.4g} {unit}, {error}",
            "columns": {
                "figures": [
                    "workload", "quantity", "unit", "published", "predicted", "error", "kind",
                    "set",
                ],
                "exact": ["published", "predicted"],
            },
        },
    )  # fmt: skip
