"""The other rungs: nothing of them before the reveal, the engine's times after it."""

import asyncio
import concurrent.futures

import trnlab
from tests.widgets.stepper.harness import RUNGS, SMALL, opened, send
from trnlab.kernels.matmul import LADDER
from widgets.stepper import Stepper
from widgets.stepper.product import OBVIOUS, Product


def test_nothing_of_the_other_rungs_is_computed_before_the_reveal():
    stepper = opened(SMALL)
    assert stepper.ladder["rungs"] == []
    assert stepper.other == {}


def test_the_reveal_shows_the_engines_time_of_every_rung():
    stepper = Stepper(SMALL)
    send(stepper, revealed=True)
    told = {rung["name"]: rung for rung in stepper.ladder["rungs"]}
    assert list(told) == list(LADDER)
    assert "problem" in told["one_tile"]
    for name in RUNGS:
        product = Product(**SMALL).on_rung(name)
        shapes = [trnlab.shape(sizes, "bfloat16") for sizes in product.shapes]
        run = trnlab.profile(LADDER[name].kernel, *shapes, chip="trn3", **product.blocks)
        assert told[name]["total_us"] == run.total_us
        assert told[name]["intensity"] == run.roofline.intensity


def test_the_obvious_way_is_compared_with_the_fastest_unless_a_rival_is_chosen():
    stepper = opened({**SMALL, "revealed": True})
    took = {r["name"]: r["total_us"] for r in stepper.ladder["rungs"] if "total_us" in r}
    assert stepper.scene["params"]["kernel"] == OBVIOUS
    assert stepper.other["params"]["kernel"] == min(took, key=took.get)
    send(stepper, rival="pipelined")
    assert stepper.other["params"]["kernel"] == "pipelined"
    assert stepper.other["summary"]["total_us"] == took["pipelined"]


def test_blocks_of_other_rungs_are_cut_until_they_divide():
    product = Product(M=640, N=1536, K=384).on_rung("pipelined")
    assert product.blocks == {"m_block": 1, "n_block": 1, "k_block": 3}
    assert product.profile().total_us > 0


def test_what_nobody_waits_for_is_done_once_for_the_last_of_quick_changes(monkeypatch):
    monkeypatch.setattr("widgets.dashboard.idle.QUIET_S", 0.02)

    async def quick_changes() -> list[int]:
        stepper, told = Stepper({**SMALL, "revealed": True}), []
        stepper.observe(lambda change: told.append(change.new["id"]), "ladder")
        for kernel in ("hoisted", "blocked", "pipelined"):
            stepper.params = {**stepper.params, "kernel": kernel}
        while not told:
            await asyncio.sleep(0.01)
        assert stepper.scene["id"] == 4
        return told

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        assert pool.submit(asyncio.run, quick_changes()).result(timeout=30) == [4]
