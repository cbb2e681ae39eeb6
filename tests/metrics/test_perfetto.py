"""The exported trace follows the Chrome trace format."""

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from trnlab.metrics.profile import Profile

# The Trace Event Format as a JSON schema: the object form, and the phases that are written here.
TIME = {"type": "number", "minimum": 0}
ID, NAME, ARGS = (
    {"type": "integer", "minimum": 0},
    {"type": "string", "minLength": 1},
    {"type": "object"},
)


def phase(ph: str, **fields: Any) -> dict[str, Any]:
    """Events of one phase: all these fields and no other."""
    properties = {"ph": {"const": ph}, "name": NAME, "pid": ID, **fields}
    return {"properties": properties, "required": list(properties), "additionalProperties": False}


NAMES = {"enum": ["process_name", "thread_name", "thread_sort_index"]}
SERIES = {"type": "object", "minProperties": 1, "additionalProperties": {"type": "number"}}
SCHEMA = {
    "type": "object",
    "required": ["traceEvents"],
    "properties": {
        "displayTimeUnit": {"enum": ["ms", "ns"]},
        "otherData": ARGS,
        "traceEvents": {
            "type": "array",
            "items": {
                "type": "object",
                "oneOf": [
                    phase("M", name=NAMES, tid=ID, args=ARGS),
                    phase("X", cat=NAME, tid=ID, ts=TIME, dur=TIME, args=ARGS),
                    phase("s", cat=NAME, id=ID, tid=ID, ts=TIME),
                    phase("f", cat=NAME, id=ID, tid=ID, ts=TIME, bp={"const": "e"}),
                    phase("C", ts=TIME, args=SERIES),
                ],
            },
        },
    },
}


@pytest.fixture(scope="module")
def trace(one_bank: Profile, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path: Path = tmp_path_factory.mktemp("perfetto") / "trace.json"
    one_bank.to_perfetto(path)
    return json.loads(path.read_text(encoding="utf-8"))


def of_phase(trace: dict[str, Any], phase: str) -> list[dict[str, Any]]:
    return [event for event in trace["traceEvents"] if event["ph"] == phase]


def test_the_file_follows_the_schema_of_the_format(trace: dict[str, Any]) -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    jsonschema.validate(trace, SCHEMA)


def test_slices_of_one_track_never_cross(trace: dict[str, Any]) -> None:
    """Perfetto drops slices that begin in one another and end outside."""
    ends: dict[int, float] = {}
    for event in sorted(of_phase(trace, "X"), key=lambda event: (event["tid"], event["ts"])):
        assert event["ts"] >= ends.get(event["tid"], 0.0) - 1e-9
        ends[event["tid"]] = event["ts"] + event["dur"]


def test_transfers_of_a_queue_that_overlap_have_tracks_beside_each_other(
    trace: dict[str, Any],
) -> None:
    names = [
        event["args"]["name"] for event in of_phase(trace, "M") if event["name"] == "thread_name"
    ]
    assert {"DMA queue 0", "DMA queue 0, 2"} <= set(names)


def test_every_arrow_leaves_and_reaches_a_slice(trace: dict[str, Any]) -> None:
    slices = of_phase(trace, "X")
    for event in of_phase(trace, "s") + of_phase(trace, "f"):
        assert any(
            other["tid"] == event["tid"]
            and other["ts"] <= event["ts"] <= other["ts"] + other["dur"] - (other["dur"] > 0) * 5e-4
            for other in slices
        ), event


def test_every_device_instruction_is_a_slice(trace: dict[str, Any], one_bank: Profile) -> None:
    slices = of_phase(trace, "X")
    assert len(slices) == one_bank.timeline.rows
    end = max(event["ts"] + event["dur"] for event in slices)
    assert end <= one_bank.total_us + 1e-3


def test_every_track_has_a_name(trace: dict[str, Any]) -> None:
    named = {event["tid"] for event in of_phase(trace, "M") if event["name"] == "thread_name"}
    assert {event["tid"] for event in of_phase(trace, "X")} <= named


def test_every_arrow_has_two_ends_in_order(trace: dict[str, Any]) -> None:
    begins = {event["id"]: event for event in of_phase(trace, "s")}
    ends = {event["id"]: event for event in of_phase(trace, "f")}
    assert begins.keys() == ends.keys() != set()
    assert all(begins[id]["ts"] <= ends[id]["ts"] for id in begins)


def test_counters_show_sbuf_and_bandwidth(trace: dict[str, Any], one_bank: Profile) -> None:
    counters = of_phase(trace, "C")
    assert {event["name"] for event in counters} == {"SBUF bytes per partition", "DMA bandwidth"}
    held = [event["args"]["bytes"] for event in counters if "bytes" in event["args"]]
    assert 0 < max(held) <= one_bank.core.sbuf.usable_partition_bytes
    assert held[-1] == 0
