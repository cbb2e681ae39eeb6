"""What a plan's devices send: equal to the bytes whose time the closed forms give."""

import numpy as np
import pytest

from trnlab import cluster
from trnlab.cluster.exchange import ALL_REDUCE, Group, exchange_s
from trnlab.cluster.plan_traffic import (
    CAUSES,
    placed,
    sent_bytes,
    step_traffic,
    used_of_domain,
)
from trnlab.cluster.topology import link_loads, machine
from trnlab.spec.systems import system

NAME = "trn3-gen2"


def trained(plan: cluster.Plan, model: str = "llama-3.1-8b", **changes):
    request = {"global_batch": 64, "sequence": 4096, "chips": 144} | changes
    return cluster.predict_training(model=model, system=NAME, plan=plan, **request)


def without_start(**changes: object) -> object:
    """The system whose exchanges take nothing but the bytes' time."""
    return system(NAME).with_(
        {
            "collectives.start_s": 0.0,
            "collectives.handshake_s": 0.0,
            "fabric.hop_s": 0.0,
            "scale_out.hop_s": 0.0,
            **changes,
        }
    )


def rate() -> float:
    """Bytes per second of a device to its neighbor behind the same switch."""
    known = system(NAME)
    return known.fabric.server_bytes_per_s * known.collectives.rate


@pytest.mark.parametrize("recompute", ["selective", "full"])
@pytest.mark.parametrize("sharded", [True, False])
def test_tensor_parallel_bytes_take_the_time_of_the_prediction(recompute, sharded) -> None:
    plan = cluster.Plan(tp=4, recompute=recompute, sequence_parallel=sharded)
    run = cluster.predict_training(
        model="llama-3.1-8b", system=without_start(), chips=4, plan=plan, global_batch=4,
        sequence=4096,
    )  # fmt: skip
    head = 4096 * run.model.hidden * 2.0  # its all_reduce is not of a layer
    head_s = exchange_s(
        run.system, ALL_REDUCE, Group(np.full(1, 4.0), np.ones(1)), np.full(1, head)
    )
    told = sum(run.time_s[kind] for kind in ("all_gather", "reduce_scatter", "all_reduce"))
    assert sent_bytes(run)["tensor"] / rate() == pytest.approx(told - 4 * float(head_s[0]))


def test_expert_bytes_take_the_time_of_the_prediction() -> None:
    run = cluster.predict_training(
        model="qwen3-30b-a3b", system=without_start(), chips=4, plan=cluster.Plan(dp=4, ep=4),
        global_batch=4, sequence=4096,
    )  # fmt: skip
    assert sent_bytes(run)["expert"] / rate() == pytest.approx(run.time_s["all_to_all"])


@pytest.mark.parametrize("zero", [0, 1, 2, 3])
def test_gradient_bytes_take_the_time_of_the_prediction(zero: int) -> None:
    plan = cluster.Plan(dp=4, zero=zero, overlap=False)
    run = cluster.predict_training(
        model="llama-3.1-8b", system=without_start(), chips=4, plan=plan, global_batch=8,
        sequence=4096,
    )  # fmt: skip
    told = sum(run.time_s[kind] for kind in ("all_gather", "reduce_scatter", "all_reduce"))
    assert sent_bytes(run)["data"] / rate() == pytest.approx(told)


def test_a_plan_of_one_device_sends_nothing() -> None:
    run = trained(cluster.Plan(), chips=1)
    assert len(step_traffic(run, 1).source) == 0
    assert sum(sent_bytes(run).values()) == 0


def test_each_message_stays_in_its_group() -> None:
    plan = cluster.Plan(tp=4, pp=2, cp=2, dp=8, virtual_stages=2)
    traffic = step_traffic(trained(plan), 128)
    for cause, stride, size in (("tensor", 1, 4), ("context", 4, 2), ("data", 4, 16)):
        rows = traffic.cause == CAUSES.index(cause)
        source, target = traffic.source[rows], traffic.target[rows]
        assert len(source) == 128
        assert (source // (stride * size) == target // (stride * size)).all()
        assert (source % stride == target % stride).all()
    rows = traffic.cause == CAUSES.index("pipeline")
    assert (abs(traffic.source[rows] - traffic.target[rows]) == 64).all()
    assert rows.sum() == 2 * 128  # interleaved stages close the ring


def test_the_first_stage_gets_no_gradient_of_an_input() -> None:
    plan = cluster.Plan(pp=4, dp=8)
    traffic = step_traffic(trained(plan), 32)
    rows = traffic.cause == CAUSES.index("pipeline")
    assert rows.sum() == 2 * 24


def test_experts_talk_to_all_others_of_their_group() -> None:
    traffic = step_traffic(trained(cluster.Plan(dp=16, ep=8), "qwen3-30b-a3b"), 16)
    rows = traffic.cause == CAUSES.index("expert")
    assert rows.sum() == 16 * 7


def test_groups_that_span_domains_send_little_between_them() -> None:
    plan = cluster.Plan(dp=288)
    run = trained(plan, chips=288, global_batch=288)
    traffic = step_traffic(run, 144)
    crosses = traffic.source // 144 != traffic.target // 144
    assert crosses.sum() == 144
    assert traffic.bytes[crosses].max() < traffic.bytes[~crosses].min() / 144


def test_a_group_that_fits_a_domain_is_not_torn_between_two() -> None:
    run = trained(cluster.Plan(tp=32, dp=8), "llama-3.1-70b", chips=288)
    assert used_of_domain(run) == 128
    traffic = step_traffic(run, 256)
    rows = traffic.cause == CAUSES.index("tensor")
    assert (traffic.source[rows] // 144 == traffic.target[rows] // 144).all()
    assert set(placed(run, np.arange(256)) // 144) == {0, 1}


def test_a_million_chips_load_the_links_of_the_first_domain_in_no_time() -> None:
    plan = cluster.Plan(tp=8, pp=4, dp=31_248)
    run = trained(plan, "llama-3.1-70b", chips=999_936, global_batch=31_248 * 4)
    traffic = step_traffic(run, 144)
    loads = link_loads(machine(NAME, 999_936), traffic.source, traffic.target, traffic.bytes)
    assert 0 < loads.busiest_s < run.step_s
