"""A predicted step adds up, moves the right way, and refuses what cannot be."""

import time
from dataclasses import replace

import numpy as np
import pytest

from trnlab import cluster
from trnlab.cluster.columns import Plans
from trnlab.cluster.degrees import Plan
from trnlab.cluster.dtypes import FORMATS
from trnlab.cluster.layer_time import BACKWARD_OF_FUSED
from trnlab.cluster.models import model
from trnlab.cluster.step import step_times
from trnlab.spec.systems import SYSTEMS, system

LLAMA = {
    "model": "llama-3.1-70b",
    "system": "trn3-gen2",
    "chips": 144,
    "plan": Plan(tp=8, pp=4, dp=4),
    "global_batch": 1024,
    "sequence": 8192,
}


def predicted(**changes) -> cluster.Training:
    return cluster.predict_training(**{**LLAMA, **changes})


def with_plan(**changes) -> cluster.Training:
    return predicted(plan=replace(LLAMA["plan"], **changes))


def test_the_public_interface() -> None:
    p = cluster.predict_training(
        model="llama-3.1-70b",
        system="trn3-gen2",
        chips=144,
        plan=cluster.Plan(
            tp=8,
            pp=4,
            dp=4,
            ep=1,
            cp=1,
            virtual_stages=1,
            zero=1,
            sequence_parallel=True,
            recompute="selective",
        ),
        global_batch=1024,
        micro_batch=1,
        sequence=8192,
        dtype="bfloat16",
    )
    assert p.step_s == pytest.approx(sum(p.time_s.values()))
    assert p.tokens_per_s == pytest.approx(1024 * 8192 / p.step_s)
    assert p.memory_bytes["weights"] > 0 and p.time_s["all_reduce"] >= 0
    assert p.fits and p.free_bytes == pytest.approx(
        p.memory_limit_bytes - sum(p.memory_bytes.values())
    )
    assert (p.devices, p.idle_devices, p.micro_batches) == (128, 16, 256)


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_system_trains(name: str) -> None:
    known = system(name)
    chips = 16 * known.chips_per_server
    plan = Plan(tp=4, pp=2, dp=chips * known.devices_per_chip // 8, recompute="full")
    p = predicted(system=name, chips=chips, plan=plan, model="llama-3.1-8b", global_batch=plan.dp)
    assert 0 < p.mfu < 1
    assert all(seconds >= 0 for seconds in p.time_s.values())


def test_compute_of_a_step_is_above_the_peak() -> None:
    p = predicted()
    peak = SYSTEMS["trn3-gen2"].chip.peak_flops_per_s()
    assert p.time_s["matmul"] * p.devices * peak > 0.9 * p.flops * 128 / p.devices


@pytest.mark.parametrize(
    ("field", "factor"),
    [
        ("chip.core.tensor.clock_hz", 1.2),
        ("chip.core.dma.moving_bytes_per_s", 1.2),
        ("fabric.server_bytes_per_s", 2.0),
        ("fabric.rack_bytes_per_s", 2.0),
        ("scale_out.bytes_per_s", 2.0),
        ("fabric.hop_s", 0.5),
        ("collectives.start_s", 0.5),
    ],
)
def test_faster_hardware_is_never_slower(field: str, factor: float) -> None:
    known = SYSTEMS["trn3-gen2"]
    faster = known.with_({field: known.fact(field).value * factor})
    assert predicted(system=faster).step_s <= predicted().step_s


def test_recomputation_trades_time_for_memory() -> None:
    free, full = with_plan(recompute="none"), with_plan(recompute="full")
    assert full.step_s > free.step_s
    assert full.memory_bytes["activations"] < 0.3 * free.memory_bytes["activations"]


def test_a_compiler_leaves_out_what_nobody_reads() -> None:
    known = SYSTEMS["trn3-gen2"]
    plan = replace(LLAMA["plan"], recompute="full")
    compiled = predicted(plan=plan).time_s
    eager = predicted(plan=plan, system=known.with_(recomputes_all=True)).time_s
    assert eager["recompute"] > 1.15 * compiled["recompute"]
    assert eager["reduce_scatter"] > compiled["reduce_scatter"]
    assert eager["matmul"] == compiled["matmul"]


def test_where_products_alone_are_kept_a_fused_attention_is_computed_again() -> None:
    known = system("trn3-gen2")
    plan = Plan(tp=8, dp=4, recompute="selective")
    plain = predicted(plan=plan, system=known).time_s
    again = predicted(plan=plan, system=known.with_(keeps_products_alone=True)).time_s
    assert plain["recompute"] == 0
    attention = plain["attention"] / (1 + BACKWARD_OF_FUSED)
    assert again["recompute"] > attention
    rest = {cause: seconds for cause, seconds in again.items() if cause != "recompute"}
    assert rest == {cause: plain[cause] for cause in rest}


def test_operands_of_eight_bits_are_made_before_they_are_multiplied() -> None:
    wide, narrow = (predicted(dtype=dtype).time_s for dtype in ("bfloat16", "mxfp8"))
    assert narrow["elementwise"] > 1.1 * wide["elementwise"]
    assert narrow["matmul"] < 0.6 * wide["matmul"]


def test_an_exchange_behind_compute_costs_its_share() -> None:
    known = system("h100")
    plan = Plan(dp=8, zero=3)
    asked = {"model": "llama-3.1-8b", "chips": 8, "plan": plan, "global_batch": 64}
    free, paid = (
        predicted(**asked, system=known.with_({"collectives.hidden_cost": cost})).step_s
        for cost in (0.01, 0.3)
    )
    assert 1.0 < paid / free < 1.2


def test_gradients_of_weights_hide_part_of_the_exchanges_backward() -> None:
    known = system("a100-80gb")
    asked = {"plan": Plan(tp=8, dp=4), "chips": 32, "global_batch": 64}
    all_left, half_left = (
        predicted(**asked, system=known.with_({"collectives.backward": part})).time_s
        for part in (1.0, 0.5)
    )
    assert 0.6 < half_left["reduce_scatter"] / all_left["reduce_scatter"] < 0.8
    assert half_left["matmul"] == all_left["matmul"]


def test_pods_wait_for_the_slowest_of_them() -> None:
    """At each doubling of pods the step loses the same share."""
    asked = {"model": "llama-3.1-8b", "system": "tpu-v5e", "sequence": 2048}
    one, two, eight = (
        predicted(**asked, chips=chips, plan=Plan(dp=chips, zero=3), global_batch=chips).time_s
        for chips in (256, 512, 2048)
    )
    assert one["straggle"] == 0
    share = two["straggle"] / (sum(two.values()) - two["straggle"])
    assert share == pytest.approx(system("tpu-v5e").scale_out.straggle)
    assert eight["straggle"] / (sum(eight.values()) - eight["straggle"]) == pytest.approx(3 * share)


def test_a_device_may_be_a_smaller_unit() -> None:
    halves = SYSTEMS["trn3-gen2"].with_(cores_per_device=2)
    p = predicted(system=halves, plan=Plan(tp=32, pp=4, dp=4))
    assert (p.devices, p.idle_devices) == (512, 64)
    assert p.memory_limit_bytes < predicted().memory_limit_bytes / 4


def test_zero_shards_one_kind_after_the_other() -> None:
    held = [with_plan(zero=stage).memory_bytes for stage in range(4)]
    assert held[1]["optimizer"] == pytest.approx(held[0]["optimizer"] / 4)
    assert held[2]["gradients"] == pytest.approx(held[1]["gradients"] / 4)
    assert held[3]["weights"] < held[2]["weights"]


def test_a_bubble_shrinks_with_virtual_stages_and_with_zero_bubble() -> None:
    plain = with_plan().time_s["bubble"]
    assert with_plan(virtual_stages=5).time_s["bubble"] == pytest.approx(plain / 5, rel=0.15)
    assert with_plan(schedule="zero-bubble").time_s["bubble"] == pytest.approx(plain / 3)
    assert predicted(plan=Plan(tp=8, dp=16)).time_s["bubble"] == 0


def test_the_bubble_is_the_textbook_fraction() -> None:
    p = predicted(model="llama-3.1-405b", plan=Plan(tp=8, pp=9, dp=2), global_batch=32)
    work = p.step_s - p.time_s["bubble"]
    assert p.time_s["bubble"] / work == pytest.approx(8 / 16, rel=0.1)


def test_weights_of_all_devices_are_the_model() -> None:
    p = with_plan(zero=0)
    whole = 2 * cluster.models.parameters(model("llama-3.1-70b"))
    assert p.memory_bytes["weights"] * 32 == pytest.approx(whole, rel=0.05)


def test_experts_are_spread() -> None:
    def held(ep: int) -> float:
        plan = Plan(tp=1, dp=64, ep=ep, zero=0)
        p = predicted(model="gpt-oss-120b", chips=64, plan=plan, global_batch=64)
        assert (p.time_s["all_to_all"] > 0) == (ep > 1)
        return p.memory_bytes["weights"]

    assert held(32) < held(8) < held(1)
    assert held(1) == pytest.approx(2 * 116.83e9, rel=0.01)


def test_a_host_reads_how_many_tokens_each_expert_gets() -> None:
    """Nothing hides its time then; a dense layer's operators are started ahead."""
    run = {"system": "b200", "chips": 8, "global_batch": 512, "dtype": "bfloat16"}
    mixture = predicted(
        **run, model="qwen3-30b-a3b", plan=Plan(dp=8, ep=8, recompute="none"), sequence=4096
    )
    products = 2 + 1 + 16 * 2  # attention, router, two of each expert
    passes = 4  # norms, positions, gates, sorting
    started = (products + passes + 1) + (2 * products + 2 * passes + 1)
    each = system("b200").host_call_s
    assert mixture.time_s["host"] == pytest.approx(64 * 48 * started * each)
    dense = {**run, "model": "llama-3.2-1b", "plan": Plan(dp=8, recompute="none")}
    assert predicted(**dense, sequence=8192).time_s["host"] == 0
    short = predicted(**dense, sequence=64).time_s["host"]
    operators = (4 + 3 + 1) + (2 * 4 + 2 * 3 + 1)
    assert 0 < short < 64 * 16 * operators * each


def test_a_million_chips_take_no_longer_than_a_hundred() -> None:
    best = {144: 1.0, 1_000_000: 1.0}
    for _ in range(20):
        for chips, dp in ((144, 2), (1_000_000, 13_888)):
            start = time.perf_counter()
            plan = Plan(tp=8, pp=9, dp=dp)
            predicted(model="llama-3.1-405b", chips=chips, plan=plan, global_batch=2 * dp)
            best[chips] = min(best[chips], time.perf_counter() - start)
    assert best[1_000_000] < 1.5 * best[144]


def test_a_hundred_thousand_plans_take_less_than_a_second() -> None:
    n, rng = 100_000, np.random.default_rng(0)

    def any_of(*values: float) -> np.ndarray:
        return rng.choice(np.array(values, float), n)

    one = np.ones(n)
    plans = Plans(
        tp=any_of(1, 2, 4, 8, 16),
        pp=any_of(1, 2, 3, 6, 7, 9),
        dp=any_of(1, 2, 4, 8, 16),
        ep=one,
        cp=any_of(1, 2, 4),
        virtual_stages=one,
        zero=any_of(0, 1, 2, 3),
        sequence_parallel=any_of(0, 1),
        recompute=any_of(0, 1, 2),
        schedule=any_of(0, 1),
        fused_attention=any_of(0, 1),
        overlap=any_of(0, 1),
        micro_batch=any_of(1, 2, 4),
    )
    known, network = SYSTEMS["trn3-gen2"], model("llama-3.1-405b")
    start = time.perf_counter()
    times = step_times(known, network, plans, 8192 * one, 64 * one, FORMATS["bfloat16"])
    assert time.perf_counter() - start < 1.0
    assert all(np.isfinite(column).all() and (column >= 0).all() for column in times.values())


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        (
            {"chips": 91},
            "chips = 91 is not a number of whole servers: trn3-gen2 has 4 chips in a server; use "
            "88 or 92",
        ),
        ({"chips": 10**5000}, "chips = a number of about 5,000 digits of trn3-gen2 cannot be"),
        ({"chips": float("nan")}, "chips = nan should be a whole number of 1 or more"),
        ({"sequence": 8, "plan": Plan(cp=16, dp=4)}, "cp = 16 does not divide the 8 tokens"),
        ({"chips": 10**9}, "chips = 1,000,000,000 of trn3-gen2 cannot be connected"),
        ({"plan": Plan(tp=8, pp=7)}, "80 layers of llama-3.1-70b (or 82 with embedding and head)"),
        ({"plan": Plan(tp=7)}, "64 heads of llama-3.1-70b cannot be divided over tp = 7; try 8"),
        ({"plan": Plan(ep=2)}, "llama-3.1-70b has one feed-forward network in a layer, ep = 2"),
        ({"plan": Plan(tp=16, dp=64)}, "= 1,024 devices, and 144 chips of trn3-gen2 have 144"),
        ({"global_batch": -8}, "global_batch = -8 should be a whole number"),
        ({"global_batch": 1023}, "is not a multiple of dp x micro_batch = 4 x 1 = 4; try 1024"),
        ({"micro_batch": 0}, "micro_batch = 0 should be a whole number"),
        ({"sequence": 0}, "sequence = 0 should be a whole number"),
        ({"dtype": "int3"}, "dtype: 'int3' is not one of float32"),
        ({"plan": {"tp": 8}}, "a cluster.Plan says how to cut a model, not a dict"),
        ({"model": None}, "describes a model, not a NoneType"),
        ({"chips": "144"}, "chips = '144' should be a whole number"),
        ({"system": "trn5"}, "system: 'trn5' is not one of trn1"),
        ({"plan": Plan(virtual_stages=2)}, "virtual_stages interleave a pipeline; pp = 1 is none"),
        (
            {"plan": Plan(pp=8, virtual_stages=5), "global_batch": 12},
            "virtual_stages = 5 interleave micro-batches pp = 8 at a time, and a rank has 12; use "
            "virtual_stages = 1, or a global_batch that is a multiple of 8",
        ),
        (
            {"plan": Plan(pp=4, virtual_stages=2, schedule="zero-bubble")},
            "the zero-bubble schedule has one virtual stage, the plan 2; use virtual_stages = 1",
        ),
    ],
)
def test_what_cannot_be_is_a_sentence(changes: dict, message: str) -> None:
    with pytest.raises(ValueError) as error:
        predicted(**changes)
    assert message in str(error.value)
    assert "\n" not in str(error.value)


def test_whole_numbers_of_numpy_are_whole_numbers() -> None:
    plan = Plan(tp=np.int64(8), pp=np.int32(4), dp=np.uint8(4))
    assert plan == Plan(tp=8, pp=4, dp=4) and type(plan.tp) is int
    found = predicted(
        plan=plan, chips=np.int64(144), global_batch=np.int32(1024), sequence=np.int16(8192)
    )
    assert found.step_s == predicted(plan=Plan(tp=8, pp=4, dp=4), global_batch=1024).step_s
    assert found.flops == predicted(plan=plan).flops  # no 32-bit overflow


def test_a_format_that_a_device_lacks_is_refused() -> None:
    with pytest.raises(ValueError, match="a100-80gb does not multiply mxfp8; use float32, bf"):
        predicted(system="a100-80gb", dtype="mxfp8")


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("tp", 0),
        ("pp", 2.0),
        ("dp", True),
        ("ep", float("nan")),
        ("cp", "8"),
        ("zero", 4),
        ("zero", 1.0),
        ("zero", True),
        ("recompute", "some"),
        ("schedule", "x"),
        ("sequence_parallel", "yes"),
        ("overlap", float("nan")),
        ("fused_attention", 2),
    ],
)
def test_a_plan_refuses_nonsense(field: str, value: object) -> None:
    with pytest.raises(ValueError, match=f"^plan: {field} = "):
        Plan(**{field: value})
