"""A prediction as plain data: time by cause, memory by kind, degrees, links, the pipeline."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from trnlab import cluster
from trnlab.cluster import stages
from trnlab.cluster.columns import columns
from trnlab.cluster.degrees import stage_slots
from trnlab.cluster.dtypes import number_format
from trnlab.cluster.layer_time import layer_time
from trnlab.cluster.models import Transformer, active_parameters, parameters
from trnlab.cluster.plan_traffic import CAUSES, sent_bytes, step_traffic, used_of_domain
from trnlab.cluster.scenario import cost
from trnlab.cluster.timeline import KINDS
from trnlab.cluster.topology import link_loads, links, machine
from trnlab.cluster.training import published_flops_per_s
from widgets.cluster_planner.request import Request
from widgets.machine.picture import column, picture
from widgets.machine.scene import chip_steps
from widgets.machine.systems import figures, readings, standing

MOST_PIECES = 6_000  # of a pipeline that are drawn
MOST_DEVICES = 2_048  # whose messages are put on links
CONTEXTS = (1, 2, 4, 8, 16, 32)

Found = cluster.Training | cluster.Inference


def scene(asked: Request) -> dict[str, Any]:
    """Everything that the view shows but the map of plans and the way to a million chips.

    Raises:
        ValueError: what cannot be, in one sentence
    """
    found = asked.predict()
    of = machine(found.system, found.chips)
    is_training = isinstance(found, cluster.Training)
    return {
        "task": asked.task,
        "machine": picture(of),
        "system": {
            "product": found.system.product,
            "device": found.system.device,
            "readings": readings(found.system),
            "figures": figures(found.system),
            **standing(found.system),
        },
        "chip_steps": chip_steps(of),
        "model": model_facts(found.model),
        "plan": asdict(found.plan),
        "devices": found.plan.devices,
        "idle": of.devices - found.plan.devices,
        "options": options(found, asked),
        "memory": [list(row) for row in found.memory_bytes.items()],
        "memory_limit": found.memory_limit_bytes,
        "fits": found.fits,
        "free": found.free_bytes,
        "cost": _cost(found),
        **(training(found) if is_training else inference(found)),
    }


def training(found: cluster.Training) -> dict[str, Any]:
    """What only a training step has."""
    return {
        "step_s": found.step_s,
        "mfu": found.mfu,
        "tokens_per_s": found.tokens_per_s,
        "micro_batches": found.micro_batches,
        "time": [list(row) for row in found.time_s.items()],
        "sent": [list(row) for row in sent_bytes(found).items()],
        "used": used_of_domain(found),
        "loads": loads(found),
        "pipeline": pipeline(found),
    }


def inference(found: cluster.Inference) -> dict[str, Any]:
    """What only requests have."""
    return {
        "ttft_s": found.ttft_s,
        "tpot_s": found.tpot_s,
        "tokens_per_s": found.tokens_per_s,
        "tokens_per_s_chip": found.tokens_per_s_chip,
        "max_batch": found.max_batch,
        "prefill": [list(row) for row in found.prefill_s.items()],
        "token": [list(row) for row in found.token_s.items()],
        "peak_flops_per_s": published_flops_per_s(found.system, found.dtype),
    }


def model_facts(model: Transformer) -> dict[str, Any]:
    """What a model is, in numbers."""
    attention = model.groups[0][1].attention
    return {
        "name": model.name,
        "source": model.source,
        "parameters": parameters(model),
        "active": active_parameters(model),
        "layers": model.layers,
        "hidden": model.hidden,
        "heads": model.heads,
        "kv_heads": model.kv_heads,
        "experts": model.experts if model.is_mixture else 0,
        "latent": attention.latent is not None,
        "windowed": any(layer.window for _, layer in model.groups),
    }


def options(found: Found, asked: Request) -> dict[str, list[int]]:
    """The degrees that sliders offer: those that divide what they cut."""
    model, plan = found.model, found.plan
    devices = found.chips * found.system.devices_per_chip
    length = asked.sequence if asked.task == "training" else asked.prompt
    most = max(1, devices // (plan.tp * plan.cp))
    return {
        "tp": [n for n in _divisors(model.heads) if n <= devices],
        "pp": _stages(model.layers, most, plan.virtual_stages),
        "ep": _divisors(model.experts),
        "cp": [n for n in CONTEXTS if length % n == 0],
        "virtual_stages": [
            n for n in range(1, 17) if stage_slots(model.layers, plan.pp * n) is not None
        ]
        if plan.pp > 1
        else [1],
        "zero": [0, 1, 2, 3],
    }


def loads(found: cluster.Training) -> dict[str, Any]:
    """Links of the first domain, and the part of a step that each is at work."""
    of = machine(found.system, found.chips)
    domain = found.system.domain_chips * found.system.devices_per_chip
    traffic = step_traffic(found, min(domain, MOST_DEVICES))
    on = link_loads(of, traffic.source, traffic.target, traffic.bytes)
    own = on.links < min(of.chips, found.system.domain_chips) * links.PORTS
    share = on.seconds[own] / found.step_s
    causes = np.bincount(traffic.cause, minlength=len(CAUSES)) > 0
    return {
        "link": column("i4", on.links[own]),
        "share": column("f4", share),
        "busiest": float(share.max(initial=0.0)),
        "causes": [name for name, there in zip(CAUSES, causes, strict=True) if there],
    }


def pipeline(found: cluster.Training) -> dict[str, Any]:
    """The stages of one replica at work, drawn with as many micro-batches as there is room for."""
    plan = found.plan
    each = plan.pp * plan.virtual_stages * 3
    turn = plan.pp if plan.virtual_stages > 1 else 1
    room = max(1, MOST_PIECES // each // turn) * turn
    count = min(found.micro_batches, room)
    forward_s, backward_s = micro_batch_s(found)
    drawn = cluster.pipeline_timeline(
        plan.pp,
        count,
        forward_s,
        backward_s,
        virtual_stages=plan.virtual_stages,
        schedule=plan.schedule,
    )
    return {
        "stages": plan.pp,
        "drawn": count,
        "total_s": drawn.total_s,
        "idle": drawn.idle,
        "kinds": list(KINDS),
        "stage": column("i4", drawn.stage),
        "micro_batch": column("i4", drawn.micro_batch),
        "chunk": column("i4", drawn.chunk),
        "kind": column("i4", drawn.kind),
        "start": column("f8", drawn.start_s),
        "busy": column("f8", drawn.busy_s),
    }


def micro_batch_s(found: cluster.Training) -> tuple[float, float]:
    """Forward and backward time of one micro-batch on the slowest stage.

    Their sum is what a micro-batch takes in the prediction; a layer's own times divide it.
    """
    plans = columns([found.plan], found.micro_batch)
    length = np.full(1, float(found.sequence))
    dtype = number_format(found.dtype)
    forward = backward = 0.0
    for count, layer in found.model.groups:
        times = layer_time(found.system, found.model, layer, plans, length, dtype)
        forward += count * _total(times.forward)
        backward += count * (_total(times.backward) + _total(times.recompute))
    per_step = stages.pipeline(found.system, found.model, plans, length, dtype)
    whole = _total(per_step.micro_batch)
    part = forward / (forward + backward)
    return whole * part, whole * (1 - part)


def _cost(found: Found) -> dict[str, Any]:
    told = cost(found)
    chosen = told.scenario
    return {
        "usd": told.usd_per_million_tokens,
        "joules": told.joules_per_token,
        "watts": chosen.watts,
        "usd_per_chip_hour": chosen.usd_per_chip_hour,
        "assumed": sorted(set(chosen.assumed) & {"chip_watts", "usd_per_chip_hour"}),
        "source": chosen.source,
    }


def _total(times: Mapping[str, Any]) -> float:
    return float(sum(np.sum(seconds) for seconds in times.values()))


def _divisors(number: int) -> list[int]:
    return [n for n in range(1, number + 1) if number % n == 0]


def _stages(layers: int, most: int, virtual: int) -> list[int]:
    """Numbers of stages that divide the layers equally."""
    return [
        n
        for n in range(1, min(most, layers + 2) + 1)
        if stage_slots(layers, n * (virtual if n > 1 else 1)) is not None
    ]
