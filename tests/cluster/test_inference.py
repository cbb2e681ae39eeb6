"""Prefill, decoding, caches and two pools."""

from dataclasses import replace

import numpy as np
import pytest

from trnlab import cluster
from trnlab.cluster.degrees import Plan
from trnlab.spec.scenario import SCENARIOS
from trnlab.spec.systems import SYSTEMS

REQUEST = {
    "model": "llama-3.3-70b",
    "system": "trn3-gen2",
    "chips": 16,
    "plan": Plan(tp=16),
    "batch": 8,
    "prompt": 4096,
    "output": 256,
}


def predicted(**changes) -> cluster.Inference:
    return cluster.predict_inference(**{**REQUEST, **changes})


def test_times_add_up() -> None:
    q = predicted(dtype="mxfp8")
    assert q.ttft_s == pytest.approx(sum(q.prefill_s.values()))
    assert q.tpot_s == pytest.approx(sum(q.token_s.values()))
    assert q.tokens_per_s == pytest.approx(8 * 256 / (q.ttft_s + 255 * q.tpot_s))
    assert q.tokens_per_s_chip == pytest.approx(q.tokens_per_s / 16)


def test_a_token_cannot_be_faster_than_reading_the_weights() -> None:
    q = predicted(batch=1)
    chip = SYSTEMS["trn3-gen2"].chip
    read_s = 2 * 69.5e9 / (16 * min(chip.hbm_bytes_per_s, chip.dma_bytes_per_s))
    assert q.tpot_s > read_s
    assert read_s < q.token_s["matmul"] < 4 * read_s  # short rows, seven starts in a layer


def test_a_prompt_cannot_be_faster_than_the_peak() -> None:
    q = predicted(batch=1, prompt=32_768)
    flops = cluster.models.forward_flops(q.model, 32_768, "causal")
    assert q.ttft_s > flops / (16 * SYSTEMS["trn3-gen2"].chip.peak_flops_per_s())


def test_larger_batches_are_slower_for_one_and_better_for_all() -> None:
    found = [predicted(batch=batch) for batch in (1, 8, 64, 512)]
    waits = [q.tpot_s for q in found]
    rates = [q.tokens_per_s for q in found]
    assert waits == sorted(waits) and rates == sorted(rates)


def test_longer_contexts_are_slower() -> None:
    waits = [predicted(prompt=prompt).tpot_s for prompt in (1024, 8192, 65_536)]
    assert waits == sorted(waits)


def test_a_sweep_is_many_single_predictions() -> None:
    request = {key: value for key, value in REQUEST.items() if key not in ("batch", "prompt")}
    table = cluster.sweep(**request, batches=[1, 32], prompts=[1024, 65_536])
    for i in range(4):
        single = predicted(batch=int(table["batch"][i]), prompt=int(table["prompt"][i]))
        assert single.ttft_s == pytest.approx(table["ttft_s"][i])
        assert single.tpot_s == pytest.approx(table["tpot_s"][i])
        assert single.fits == table["fits"][i]
        assert single.cost.joules_per_token == pytest.approx(table["joules_per_token"][i])
        paid = single.cost.usd_per_million_tokens
        assert paid == pytest.approx(table["usd_per_million_tokens"][i])


def test_a_sweep_follows_its_scenario_and_has_no_price_without_one() -> None:
    request = {key: value for key, value in REQUEST.items() if key not in ("batch", "prompt")}
    request |= {"batches": [8], "prompts": [1024]}
    usual = SCENARIOS[REQUEST["system"]]
    dear = replace(usual, usd_per_chip_hour=2 * usual.usd_per_chip_hour)
    first, second = cluster.sweep(**request), cluster.sweep(**request, scenario=dear)
    assert second["usd_per_million_tokens"] == pytest.approx(2 * first["usd_per_million_tokens"])
    own = replace(SYSTEMS[REQUEST["system"]], name="my own")
    assert np.isnan(cluster.sweep(**{**request, "system": own})["joules_per_token"]).all()


def test_caches_are_counted_exactly_and_bound_the_batch() -> None:
    q = predicted(plan=Plan(tp=8), chips=8)
    each = 80 * 2 * 8 * 128 * 2 * (4096 + 256) / 8
    assert q.memory_bytes["cache"] == pytest.approx(8 * each)
    assert predicted(plan=Plan(tp=8), chips=8, batch=q.max_batch).fits
    assert not predicted(plan=Plan(tp=8), chips=8, batch=q.max_batch + 8).fits


def test_smaller_formats_take_less_memory() -> None:
    held = [
        predicted(dtype=name).memory_bytes["weights"] for name in ("bfloat16", "mxfp8", "mxfp4")
    ]
    assert held[1] == pytest.approx(held[0] * 8.25 / 16)
    assert held[2] == pytest.approx(held[0] * 4.25 / 16)
    eight = predicted(cache_dtype="float8").memory_bytes["cache"]
    assert eight == pytest.approx(predicted().memory_bytes["cache"] / 2)


def test_a_token_touches_few_experts_alone_and_all_in_a_crowd() -> None:
    def matmul_s(batch: int) -> float:
        q = predicted(model="qwen3-235b-a22b", plan=Plan(tp=4, dp=4, ep=16), batch=batch)
        return q.token_s["matmul"]

    assert matmul_s(512) > 1.8 * matmul_s(4)  # each product starts and drains whatever its size


def test_two_pools_keep_step() -> None:
    pools = cluster.disaggregate(
        model="llama-3.3-70b",
        system="trn3-gen2",
        prompt=8192,
        output=512,
        dtype="mxfp8",
        prefill_chips=16,
        prefill_plan=Plan(tp=4, cp=4),
        decode_chips=16,
        decode_plan=Plan(tp=16),
        batch=64,
    )
    assert pools.cache_bytes == 80 * 2 * 8 * 128 * 2 * 8192
    whole = cluster.pools(pools, 144)
    assert whole.prefill_groups * 16 + whole.decode_groups * 16 + whole.idle_chips == 144
    reads = whole.prefill_groups / pools.prefill.ttft_s * 512
    writes = whole.decode_groups * 64 / pools.tpot_s
    assert whole.tokens_per_s == pytest.approx(min(reads, writes))
    for one_more in range(1, 9):
        others = min(one_more / pools.prefill.ttft_s * 512, (9 - one_more) * 64 / pools.tpot_s)
        assert others <= whole.tokens_per_s * (1 + 1e-12)
    with pytest.raises(ValueError, match="16 chips are too few for a group of 16"):
        cluster.pools(pools, 16)
    assert whole.chips == 144
    assert whole.cost.joules_per_token == pytest.approx(whole.cost.watts / whole.tokens_per_s)
    busy = whole.cost.scenario.watts * (144 - whole.idle_chips)
    assert busy <= whole.cost.watts <= whole.cost.scenario.watts * 144
    prompts_per_s = pools.prefill_groups / pools.prefill.ttft_s
    assert prompts_per_s == pytest.approx(64 / (512 * pools.tpot_s))
    assert pools.ttft_s > pools.prefill.ttft_s
    paid = pools.chips * pools.cost.scenario.usd_per_chip_hour / 3600
    written_per_s = pools.tokens_per_s_chip * pools.chips
    assert pools.cost.usd_per_million_tokens == pytest.approx(1e6 * paid / written_per_s)
    assert pools.cost.scenario.name == pools.decode.system.name


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"batch": -1}, "batch = -1 should be a whole number"),
        ({"prompt": 0}, "prompt = 0 should be a whole number"),
        ({"output": 1.5}, "output = 1.5 should be a whole number"),
        ({"prompt": 8, "plan": Plan(cp=16)}, "cp = 16 devices share the tokens of a prompt, and"),
        ({"chips": 18}, "chips = 18 is not a number of whole servers"),
        ({"plan": Plan(tp=64)}, "64 devices, and 16 chips of trn3-gen2 have 16"),
    ],
)
def test_what_cannot_be_is_a_sentence(changes: dict, message: str) -> None:
    with pytest.raises(ValueError) as error:
        predicted(**changes)
    assert message in str(error.value)
