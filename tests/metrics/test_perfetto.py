"""The exported trace follows the Chrome trace format."""

import json
from pathlib import Path
from typing import Any

import pytest

from trnlab.metrics.profile import Profile

# by phase: fields that the format asks for, with their types
NUMBER = (int, float)
SCHEMA: dict[str, dict[str, Any]] = {
    "M": {"name": str, "pid": int, "tid": int, "args": dict},
    "X": {"name": str, "cat": str, "pid": int, "tid": int, "ts": NUMBER, "dur": NUMBER,
          "args": dict},
    "s": {"name": str, "cat": str, "id": int, "pid": int, "tid": int, "ts": NUMBER},
    "f": {"name": str, "cat": str, "id": int, "pid": int, "tid": int, "ts": NUMBER, "bp": str},
    "C": {"name": str, "pid": int, "ts": NUMBER, "args": dict},
}  # fmt: skip


@pytest.fixture(scope="module")
def trace(one_bank: Profile, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    path: Path = tmp_path_factory.mktemp("perfetto") / "trace.json"
    one_bank.to_perfetto(path)
    return json.loads(path.read_text(encoding="utf-8"))


def of_phase(trace: dict[str, Any], phase: str) -> list[dict[str, Any]]:
    return [event for event in trace["traceEvents"] if event["ph"] == phase]


def test_every_event_has_the_fields_of_its_phase(trace: dict[str, Any]) -> None:
    for event in trace["traceEvents"]:
        fields = SCHEMA[event["ph"]]
        assert set(event) == {"ph", *fields}, event
        assert all(isinstance(event[name], kind) for name, kind in fields.items()), event
        assert event.get("ts", 0) >= 0
        assert event.get("dur", 0) >= 0


def test_every_device_instruction_is_a_slice(trace: dict[str, Any], one_bank: Profile) -> None:
    slices = of_phase(trace, "X")
    assert len(slices) == one_bank.timeline.rows
    end = max(event["ts"] + event["dur"] for event in slices)
    assert end <= one_bank.total_us


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
