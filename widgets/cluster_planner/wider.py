"""What takes longer than a prediction: the best plan for each cut, and what more of it would do.

In: a request that has been answered. Out: plain data for the map, for the way to a million chips,
and for more requests at once.
"""

from dataclasses import asdict, replace
from typing import Any

import numpy as np

from trnlab import cluster
from trnlab.cluster.inference import LONGEST
from trnlab.cluster.planner import Ranking
from trnlab.cluster.requests import whole_chips
from widgets.cluster_planner.request import Request
from widgets.cluster_planner.words import on_page
from widgets.machine.scene import chip_steps

BEST = 8
MOST_BATCHES = 14  # powers of two
LOWER_IS_BETTER = ("cost", "ttft_s")


def plan_map(ranking: Ranking) -> dict[str, Any]:
    """The best plan that fits for each tp and pp, and the best of all."""
    key = ranking.plans.tp * 1e6 + ranking.plans.pp
    _, first = np.unique(key, return_index=True)
    rows = [_row(ranking, int(index)) for index in sorted(first)]
    return {
        "goal": ranking.goal,
        "lower": ranking.goal in LOWER_IS_BETTER,
        "legal": ranking.legal,
        "fitting": len(ranking),
        "cells": rows,
        "best": [_row(ranking, index) for index in range(min(BEST, len(ranking)))],
    }


def scaling(asked: Request) -> dict[str, Any]:
    """The same cut of the model on more and more chips: the batch grows with them, or stays."""
    found = asked.predict()
    of = cluster.machine(found.system, found.chips)
    share = found.global_batch // found.plan.dp
    grows, stays = [], []
    for chips in sorted({*chip_steps(of), found.chips}):
        fixed = _point(replace(asked, dp=0, chips=chips))
        if fixed is not None:
            stays.append(fixed)
        replicas = chips * found.system.devices_per_chip // (found.plan.devices // found.plan.dp)
        wider = _point(replace(asked, dp=replicas, chips=chips, global_batch=share * replicas))
        if wider is not None:
            grows.append(wider)
    return {
        "grows": grows,
        "stays": stays,
        "domain": found.system.domain_chips,
        "system": found.system.name,
        "chips": found.chips,
        "announced": found.system.max_chips,
    }


def sweep(asked: Request) -> dict[str, Any]:
    """More requests at once, with prompts of a quarter, of the length, and four times as long."""
    found = asked.predict()
    prompts = [max(1, asked.prompt // 4), asked.prompt, asked.prompt * 4]
    swept = cluster.sweep(
        model=found.model,
        system=found.system,
        chips=found.chips,
        plan=found.plan,
        batches=[2**n for n in range(MOST_BATCHES)],
        prompts=[prompt for prompt in prompts if prompt + asked.output <= LONGEST],
        output=asked.output,
        dtype=asked.dtype,
    )
    return {
        "chips": found.chips,
        "batch_now": asked.batch,
        "prompt_now": asked.prompt,
        **{name: values.tolist() for name, values in swept.items()},
    }


def pools(asked: Request) -> dict[str, Any]:
    """Prompts on some chips, further tokens on others: whole groups of each on the same chips."""
    found = asked.predict()
    assert isinstance(found, cluster.Inference)
    share = -(-asked.batch // found.plan.dp)
    groups = {}
    try:
        for name, tp in (("prefill", asked.prefill_tp), ("decode", asked.decode_tp)):
            plan = replace(found.plan, tp=tp or found.plan.tp, dp=1)
            needed = whole_chips(found.system, np.full(1, float(plan.devices)))
            groups |= {f"{name}_plan": plan, f"{name}_chips": int(needed[0])}
        split = cluster.disaggregate(
            **groups,
            batch=share,
            model=found.model,
            system=found.system,
            prompt=found.prompt,
            output=found.output,
            dtype=found.dtype,
        )
        whole = cluster.pools(split, found.chips)
    except ValueError as refused:
        return {"problem": on_page(str(refused))}
    return {
        "chips": found.chips,
        "group_chips": [split.prefill.chips, split.decode.chips],
        "groups": [whole.prefill_groups, whole.decode_groups],
        "tp": [split.prefill.plan.tp, split.decode.plan.tp],
        "fits": [split.prefill.fits, split.decode.fits],
        "idle": whole.idle_chips,
        "balance": split.prefill_groups,
        "batch": share,
        "cache_bytes": split.cache_bytes,
        "handover_s": split.handover_s,
        "ttft_s": split.ttft_s,
        "tpot_s": split.tpot_s,
        "tokens_per_s": whole.tokens_per_s,
        "together": {
            "ttft_s": found.ttft_s,
            "tpot_s": found.tpot_s,
            "tokens_per_s": found.tokens_per_s,
        },
    }


def _row(ranking: Ranking, index: int) -> dict[str, Any]:
    row = ranking.row(index)
    return {
        "plan": asdict(row.plan),
        "micro_batch": row.micro_batch,
        "value": row.value,
        "tokens_per_s": row.tokens_per_s,
        "memory_bytes": row.memory_bytes,
        "chips": row.chips,
    }


def _point(asked: Request) -> list[float] | None:
    """Chips, tokens/s, tokens/s a chip, global batch, idle devices; None: it cannot be."""
    try:
        found = asked.predict()
    except ValueError:
        return None
    assert isinstance(found, cluster.Training)
    rate = found.tokens_per_s
    return [found.chips, rate, rate / found.chips, found.global_batch, found.idle_devices]
