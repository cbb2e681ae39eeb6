"""What must hold for the time of any kernel, checked on random small ones."""

from __future__ import annotations

import re

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

import trnlab
from tests.programs import INPUT_SHAPE, Run, Step, Touched, integers, programs
from trnlab import CapacityError, Profile, spec
from trnlab.isa.instruction import Transfer

# random programs read what they have not written, too
pytestmark = pytest.mark.filterwarnings("ignore::trnlab.UnwrittenWarning")

EPS_S = 1e-15
SHAPE = trnlab.shape(INPUT_SHAPE)
CRAMPED = spec.TRN3.with_(  # tiles must take each other's places
    {
        "core.sbuf.usable_partition_bytes": 3600,
        "core.psum.banks": 1,
        "core.psum.bank_bytes": 1400,
    }
)
CHIPS = {**spec.CHIPS, "cramped": CRAMPED}

some = settings(max_examples=40, deadline=None, derandomize=True)
chips = st.sampled_from(sorted(CHIPS))


def timed(program: list[Step], chip: str) -> tuple[Profile, Run]:
    """A program on shapes alone."""
    run = Run(program, *integers(0))
    try:
        return trnlab.profile(run.kernel(), SHAPE, SHAPE, chip=CHIPS[chip]), run
    except CapacityError:
        assume(False)
        raise


class Rows:
    """The rows of a timeline by NKI call."""

    def __init__(self, prof: Profile) -> None:
        line = prof.timeline
        self.line = line
        self.first = np.searchsorted(line["call"], np.arange(len(prof.trace)))
        self.last = np.searchsorted(line["call"], np.arange(len(prof.trace)), side="right") - 1
        self.engine = [line.engines[code] for code in line["engine"][self.last]]
        self.queue = [line.lanes[code] for code in line["lane"][self.last]]
        self.released_s = (line["start_s"] + line["busy_s"])[self.last]
        self.readable_s = line["end_s"][self.last]

    def start_s(self, call: int, is_stationary: bool = False) -> float:
        """When a call begins to touch an operand: LoadStationary touches only the stationary."""
        if self.engine[call] == "dma":
            return float(self.line["start_s"][self.last[call]])  # the first row is its trigger
        row = self.first[call]
        on_tensor = self.engine[call] == "tensor"
        return float(self.line["start_s"][row + (on_tensor and not is_stationary)])

    def known_s(self, before: int, call: int) -> float:
        """When a call may use what another left: on the same engine once that has streamed."""
        same = self.engine[call] == self.engine[before] != "dma"
        return float((self.released_s if same else self.readable_s)[before])


@some
@given(programs(), chips)
def test_no_lane_runs_two_instructions_at_once(program: list[Step], chip: str) -> None:
    line = timed(program, chip)[0].timeline
    for lane, name in enumerate(line.lanes):
        rows = line["lane"] == lane
        start, busy = line["start_s"][rows], line["busy_s"][rows]
        if name in ("gpsimd_dge", "sync"):  # transfers are triggered as they become ready
            order = np.argsort(start, kind="stable")
            start, busy = start[order], busy[order]
        if name.startswith("dma"):  # a queue is spread over engines: transfers begin in order
            assert (np.diff(start) >= -EPS_S).all(), name
        else:
            assert (start[1:] >= (start + busy)[:-1] - EPS_S).all(), name


@some
@given(programs(), chips)
def test_no_dependency_is_broken(program: list[Step], chip: str) -> None:
    prof, run = timed(program, chip)
    rows = Rows(prof)
    touches = run.touches
    for call, touch in enumerate(touches):
        on_tensor = rows.engine[call] == "tensor"
        for before, earlier in enumerate(touches[:call]):
            for position, read in enumerate(touch.reads):
                if read.overlaps(earlier.write):
                    start_s = rows.start_s(call, on_tensor and position == 0)
                    assert start_s >= rows.known_s(before, call) - EPS_S, f"{call} reads {before}"
            accumulates = on_tensor and rows.engine[before] == "tensor"
            if touch.write.overlaps(earlier.write) and not accumulates:
                assert rows.start_s(call) >= rows.known_s(before, call) - EPS_S
            in_order = rows.queue[call] == rows.queue[before]
            if any(touch.write.overlaps(read) for read in earlier.reads) and not in_order:
                assert rows.start_s(call) >= rows.released_s[before] - EPS_S


@some
@given(programs(), st.sampled_from(["cramped", "trn3"]))
def test_a_tile_waits_for_the_tiles_whose_place_it_takes(program: list[Step], chip: str) -> None:
    check_places(*timed(program, chip))


@some
@given(programs())
def test_a_run_scheduled_again_on_less_memory_waits_for_places_too(program: list[Step]) -> None:
    prof, run = timed(program, "trn3")
    try:
        check_places(prof.on(CRAMPED.core), run)
    except CapacityError:
        assume(False)


def check_places(prof: Profile, run: Run) -> None:
    rows, places = Rows(prof), prof.timeline.places

    def shares_bytes(a: Touched, b: Touched) -> bool:
        if a.storage == b.storage or not {a.storage, b.storage} <= set(places):
            return False
        one, two = places[a.storage], places[b.storage]
        first, second = (prof.trace.tensor(touched.storage) for touched in (a, b))
        return (
            first.memory == second.memory
            and one.partition < two.partition + second.shape[0]
            and two.partition < one.partition + first.shape[0]
            and one.address_bytes < two.address_bytes + two.size_bytes
            and two.address_bytes < one.address_bytes + one.size_bytes
        )

    for call, touch in enumerate(run.touches):
        for before, earlier in enumerate(run.touches[:call]):
            for old in (earlier.write, *earlier.reads):
                if shares_bytes(touch.write, old):
                    assert rows.start_s(call) >= rows.released_s[before] - EPS_S


@some
@given(programs(), st.sampled_from(["cramped", "trn3"]))
def test_no_two_live_tiles_overlap(program: list[Step], chip: str) -> None:
    tiles = timed(program, chip)[0].tiles
    rows = [dict(zip(tiles, row, strict=True)) for row in zip(*tiles.values(), strict=True)]
    for i, one in enumerate(rows):
        for two in rows[:i]:
            bytes_of = [(t["address_bytes"], t["bytes_per_partition"]) for t in (one, two)]
            lanes_of = [(t["partition"], t["partitions"]) for t in (one, two)]
            spans = [[(at, at + size) for at, size in pair] for pair in (bytes_of, lanes_of)]
            if one["memory"] != two["memory"] or not all(_meet(*pair) for pair in spans):
                continue
            calls = [(tile["first_call"], tile["last_call"] + 1) for tile in (one, two)]
            times = [(tile["start_s"], tile["end_s"] - EPS_S) for tile in (one, two)]
            assert not _meet(*calls)
            assert not _meet(*times)


def _meet(a: tuple[float, float], b: tuple[float, float]) -> bool:
    return a[0] < b[1] and b[0] < a[1]


@some
@given(programs(), chips)
def test_dma_engines_and_hbm_never_exceed_their_peak(program: list[Step], chip: str) -> None:
    prof, _ = timed(program, chip)
    rows, core = Rows(prof), prof.core
    moves: list[tuple[float, float, Transfer]] = []
    for call, recorded in enumerate(prof.trace.calls):
        cost = recorded.kind.instruction.cost(core, recorded.kind)
        if isinstance(cost, Transfer):
            moves.append((rows.start_s(call), float(rows.released_s[call]), cost))
    for begin, *_ in moves:
        for _, end, _ in moves:
            inside = [cost for start, stop, cost in moves if start >= begin and stop <= end]
            if not inside:
                continue
            engine_s = np.zeros(core.dma.engines)
            for cost in inside:
                engine_s[np.arange(cost.engine, cost.engine + cost.engines)] += cost.engine_s
            assert engine_s.max() <= end - begin + EPS_S
            hbm_s = sum(cost.hbm_bytes for cost in inside) / core.hbm_bytes_per_s
            assert hbm_s <= end - begin + EPS_S


@some
@given(programs(), chips)
def test_the_total_covers_every_engine_and_the_longest_chain(
    program: list[Step], chip: str
) -> None:
    prof, run = timed(program, chip)
    rows, line = Rows(prof), prof.timeline
    chain_s = np.zeros(len(run.touches))
    for call, touch in enumerate(run.touches):
        needed = [
            chain_s[before] - (rows.readable_s[before] - rows.known_s(before, call))
            for before, earlier in enumerate(run.touches[:call])
            if any(read.overlaps(earlier.write) for read in touch.reads)
        ]
        alone_s = rows.readable_s[call] - line["start_s"][rows.last[call]]
        chain_s[call] = max(needed, default=0.0) + alone_s
    assert prof.total_s >= chain_s.max() - EPS_S
    assert all(0.0 <= fraction <= 1.0 + 1e-12 for fraction in prof.busy.values())


LESS = ("_s", "_cycles", "pass_overhead")  # how the names of times end
MORE = (
    "_hz", "_per_s", "_speedup", "_rate", "_per_cycle", "dma.engines", "dma.queues",
    "dma.max_piece_bytes",
    "dma.max_prepared_bytes",
)  # fmt: skip
# What the plan, the places or the tiles of a kernel hang on, and what no time hangs on.
NO_SPEED = re.compile(
    r"ramp_(window_s|threshold)$|published|^(sbuf|psum)\.|capacity_bytes$|usable_bytes_per_s$|"
    r"_fmax|_dst$|min_row_tile|\.has_|\.is_|rows$|columns$|lanes$|processors$|tcm_bytes$|"
    r"fp32_matmuls_per_call$|partitions_per_engine$|hwdge_instances$|compute_max_sources$|"
    r"packet_bytes$|priority_classes$|scale_over_ocp$|hbm\.cores$"
)


def faster(core: spec.Core, name: str) -> list[float]:
    """Two values of a constant, each faster than the one before; none if it is no speed."""
    value = core.fact(name).value
    if name == "tensor.pass_overhead":
        return [1 + (value - 1) / 2, 1.0]
    if name == "tensor.ramp_rate":
        return [1 - (1 - value) / 2, 1.0]
    if name.endswith(MORE) or "macs_per_pe_cycle" in name:
        return [2 * value, 8 * value]
    if name.endswith(LESS):
        return [value / 2, value / 8]
    return []


def constants(core: spec.Core) -> list[str]:
    """Every constant of a core that is not derived from others, and may be set."""
    return [
        fact.field
        for fact in core.facts()
        if fact.status != "derived" and not NO_SPEED.search(fact.field)
    ]


@pytest.mark.parametrize("chip", sorted(spec.CHIPS))
def test_every_constant_is_known_to_be_a_speed_or_none(chip: str) -> None:
    core = spec.CHIPS[chip].core
    names = constants(core)
    assert [name for name in names if not faster(core, name)] == []
    assert len(names) > 45


@settings(max_examples=150, deadline=None, derandomize=True)
@given(programs(), st.sampled_from(sorted(spec.CHIPS)), st.data())
def test_hardware_faster_in_one_constant_never_finishes_later(
    program: list[Step], chip: str, data: st.DataObject
) -> None:
    prof, _ = timed(program, chip)
    name = data.draw(st.sampled_from(constants(prof.core)))
    total_s = prof.total_s
    for value in faster(prof.core, name):
        changed_s = prof.on(prof.core.with_({name: value})).total_s
        assert changed_s <= total_s + EPS_S, name
        total_s = changed_s


@some
@given(programs(), chips)
def test_two_runs_are_equal(program: list[Step], chip: str) -> None:
    first, second = timed(program, chip)[0].timeline, timed(program, chip)[0].timeline
    assert list(first) == list(second)
    for name in first:
        np.testing.assert_array_equal(first[name], second[name])


@some
@given(programs())
def test_shapes_alone_take_the_time_of_a_run_with_values(program: list[Step]) -> None:
    alone, _ = timed(program, "trn2")
    x, y = integers(0)
    with_values = trnlab.profile(Run(program, x, y).kernel(), x, y, chip="trn2")
    for name in alone.timeline:
        np.testing.assert_array_equal(alone.timeline[name], with_values.timeline[name])


def test_the_cramped_core_makes_tiles_share_places() -> None:
    load = Step("load", (0, 0, 0), 0, (2, 3), (0, 40, 1), 0)
    product = load._replace(op="matmul", tiles=(0, 0, 0))
    loads = [load._replace(tiles=(turn, 0, 0)) for turn in range(5)]
    program = [load, product, product, *loads]
    prof, _ = timed(program, "cramped")
    sharing = [id for id, place in prof.timeline.places.items() if place.before]
    assert {prof.trace.tensor(id).memory for id in sharing} == {"sbuf", "psum"}
