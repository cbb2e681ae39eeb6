"""A record names its sources, refuses nonsense, and marks what a learner changes."""

from __future__ import annotations

import pickle
from collections.abc import Mapping
from dataclasses import FrozenInstanceError, dataclass

import pytest

from trnlab.spec import CHIPS, Assumption, Dma, Reading, Record, Table, unit

CORE = CHIPS["trn3"].core


@dataclass(frozen=True, kw_only=True)
class Lamp(Record):
    derived = ("period_s",)

    clock_hz: float = 2.0
    lamps: int = 4
    delay_s: float = 0.0
    is_on: bool = False
    watts: Mapping[str, float] = Table()

    @property
    def period_s(self) -> float:
        """One over the clock."""
        return 1 / self.clock_hz


def test_the_unit_is_the_suffix_of_the_name() -> None:
    names = ["clock_hz", "bytes_per_s", "peak_flops_per_s", "start_s", "bank_bytes", "rows"]
    assert [unit(name) for name in names] == ["Hz", "B/s", "FLOP/s", "s", "B", ""]


def test_facts_tell_published_measured_assumed_and_derived_apart() -> None:
    lamp = Lamp(
        source="a page",
        status={"lamps": "measured", "is_on": "absent"},
        sources={"lamps": "a profile"},
        assumed={"delay_s": Assumption(low=0, high=1, why="not published")},
        conflicts={"lamps": (Reading(5, "another page"),)},
    )
    found = {fact.field: fact for fact in lamp.facts()}
    assert {name: fact.status for name, fact in found.items()} == {
        "clock_hz": "published",
        "lamps": "measured",
        "delay_s": "assumed",
        "period_s": "derived",
    }
    assert (found["lamps"].source, found["clock_hz"].source) == ("a profile", "a page")
    assert found["lamps"].conflicts == (Reading(5, "another page"),)
    assert found["delay_s"].assumption == lamp.assumed["delay_s"]
    assert (found["period_s"].value, found["period_s"].source) == (0.5, "One over the clock.")


def test_a_table_is_one_fact_for_each_entry() -> None:
    lamp = Lamp(source="a page", watts={"red": 1.0, "blue": 2.0}, status={"watts.red": "measured"})
    assert (lamp.fact("watts.red").status, lamp.fact("watts.blue").status) == (
        "measured",
        "published",
    )


@pytest.mark.parametrize("mapping", ["sources", "status", "assumed", "conflicts", "changed"])
def test_provenance_of_an_unknown_field_is_refused(mapping: str) -> None:
    with pytest.raises(ValueError) as error:
        Lamp(source="a page", **{mapping: {"lamp": None}})
    assert str(error.value) == (
        f"{mapping}: Lamp has no field 'lamp'; it has clock_hz, delay_s, is_on, lamps, watts. "
        "Did you mean 'lamps'?"
    )


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"clock_hz": 0.0}, "Lamp: clock_hz = 0.0 must be a number above 0."),
        ({"delay_s": -1.0}, "Lamp: delay_s = -1.0 must be a number 0 or more."),
        ({"clock_hz": float("nan")}, "Lamp: clock_hz = nan must be a number above 0."),
        ({"source": ""}, "Lamp: source is empty; name the document."),
        (
            {"status": {"lamps": "guessed"}},
            "Lamp: status of lamps is 'guessed'; it is one of published, measured, inferred, "
            "absent, or the field is listed in assumed.",
        ),
        (
            {"assumed": {"lamps": Assumption(low=5, high=6, why="")}},
            "Lamp: lamps = 4 is assumed to lie between 5 and 6.",
        ),
    ],
)
def test_a_value_that_cannot_be_is_refused(values: dict, message: str) -> None:
    with pytest.raises(ValueError) as error:
        Lamp(**{"source": "a page", **values})
    assert str(error.value) == message


def test_a_record_cannot_be_written_to() -> None:
    with pytest.raises(FrozenInstanceError):
        CORE.semaphore_s = 0.0


def test_a_change_is_a_copy_that_marks_itself() -> None:
    faster = CORE.with_({"dma.descriptor_s": 20e-9, "tensor.macs_per_pe_cycle.bfloat16": 2})
    changed = {fact.field: fact for fact in faster.facts() if fact.status == "changed"}
    assert {name: (fact.value, fact.original) for name, fact in changed.items()} == {
        "dma.descriptor_s": (20e-9, 4.7e-9),
        "tensor.macs_per_pe_cycle.bfloat16": (2.0, 1.0),
    }
    assert not [fact for fact in CORE.facts() if fact.status == "changed"]
    assert faster.mfu_flops_per_s == 2 * CORE.mfu_flops_per_s


def test_a_change_reaches_into_a_table_of_records() -> None:
    chip = CHIPS["trn3"].with_({"links.rack.count": 10})
    assert chip.links["rack"].total_bytes_per_s == 640e9
    assert chip.fact("links.rack.count").original == 5


def test_a_value_set_back_is_no_longer_changed() -> None:
    away = CORE.tensor.with_(clock_hz=1e9).with_(clock_hz=2e9)
    assert away.fact("clock_hz").original == 2.4e9
    back = away.with_(clock_hz=2.4e9)
    assert back == CORE.tensor and hash(back) == hash(CORE.tensor)


def test_a_change_may_leave_the_assumed_range() -> None:
    high = CORE.assumed["semaphore_s"].high
    assert CORE.with_(semaphore_s=2 * high).fact("semaphore_s").status == "changed"


def test_a_part_may_be_replaced_as_a_whole() -> None:
    trn2 = CHIPS["trn2"].core.dma
    assert CORE.with_(dma=trn2).dma is trn2


def test_a_whole_number_stays_whole() -> None:
    lanes = CORE.vector.with_(lanes=64.0).lanes
    assert lanes == 64 and isinstance(lanes, int)


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (
            "semaphore",
            1,
            "Core has no field 'semaphore'; it has name, generation, tensor, vector, scalar, "
            "gpsimd, sync, sbuf, psum, dma, hbm, semaphore_s, launch_start_s, launch_end_s. "
            "Did you mean 'semaphore_s'?",
        ),
        ("tensor.clock_hz", 0, "TensorEngine: clock_hz = 0.0 must be a number above 0."),
        ("vector.lanes", 1.5, "VectorEngine: lanes = 1.5 must be a whole number."),
        ("vector.lanes", float("inf"), "VectorEngine: lanes = inf must be a whole number."),
        ("vector.lanes", True, "VectorEngine: lanes = True must be a number."),
        ("tensor.has_bf16_psum", 1, "TensorEngine: has_bf16_psum = 1 must be True or False."),
        ("semaphore_s", "50 ns", "Core: semaphore_s = '50 ns' must be a number."),
        ("semaphore_s.low", 1, "Core: semaphore_s is one value; it has no part 'low'."),
        ("dma", 3, "Core: dma must be a Dma."),
        (
            "tensor.macs_per_pe_cycle",
            {},
            "TensorEngine: macs_per_pe_cycle is a table; name one of its entries: float32, "
            "tfloat32, bfloat16, float16, float8, float8_double_row, mx, sparse.",
        ),
        (
            "sbuf.partition_bytes",
            100,
            "Sbuf: usable_partition_bytes = 262144 is more than the 100 bytes that a partition "
            "has; change both.",
        ),
    ],
)
def test_a_change_that_cannot_be_is_refused(path: str, value: object, message: str) -> None:
    with pytest.raises(ValueError) as error:
        CORE.with_({path: value})
    assert str(error.value) == message


def test_an_unknown_table_entry_lists_the_entries() -> None:
    with pytest.raises(ValueError, match="no field 'watts.green'; it has watts.red, watts.blue"):
        Lamp(source="a page", watts={"red": 1.0, "blue": 2.0}).with_({"watts.green": 1.0})


def test_an_unknown_fact_is_refused() -> None:
    with pytest.raises(ValueError) as error:
        CORE.fact("dma")
    assert str(error.value) == "Core has no number 'dma'; facts() lists all of them."


def test_records_are_keys_by_value_and_survive_pickling() -> None:
    for chip in CHIPS.values():
        copy = pickle.loads(pickle.dumps(chip))
        assert copy == chip and hash(copy) == hash(chip)
        assert {chip.core: 1}[copy.core] == 1
    assert isinstance(CORE.dma, Dma) and CORE != CHIPS["trn2"].core
