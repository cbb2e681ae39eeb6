"""A plan: how a model is spread over devices. Degrees count devices of the system."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from .models import Transformer

RECOMPUTE = ("none", "selective", "full")
SCHEDULES = ("1f1b", "zero-bubble")  # 1f1b with virtual stages is the interleaved schedule
LARGEST_DEGREE = 2**24


@dataclass(frozen=True, kw_only=True)
class Plan:
    """Degrees of parallelism and what goes with them.

    tp x cp x dp x pp devices work; experts are spread over `ep` of the tp x cp x dp devices that
    hold the same layers.

    Raises:
        ValueError: a degree that is not a whole number of 1 or more, or an unknown option
    """

    tp: int = 1  # tensor: columns and rows of each weight
    pp: int = 1  # pipeline: layers
    dp: int = 1  # data: sequences of a batch
    ep: int = 1  # expert: experts of a layer
    cp: int = 1  # context: tokens of a sequence
    virtual_stages: int = 1  # of one device, interleaved
    zero: int = 1  # 1 shards the optimizer, 2 gradients too, 3 weights too
    sequence_parallel: bool = True  # norms and residuals are sharded over tp
    recompute: str = "selective"  # none, selective: attention without its products, full: layers
    schedule: str = "1f1b"
    fused_attention: bool = True  # scores never leave the chip
    overlap: bool = True  # of data-parallel exchange with compute

    def __post_init__(self) -> None:
        for f in fields(self):
            value = getattr(self, f.name)
            if f.type == "int":
                least, most = (0, 3) if f.name == "zero" else (1, LARGEST_DEGREE)
                whole = check_whole(f"plan: {f.name}", value, most, least)
                object.__setattr__(self, f.name, whole)
            elif f.type == "bool" and not isinstance(value, (bool, np.bool_)):
                raise ValueError(f"plan: {f.name} = {shown(value)} should be True or False")
        if self.recompute not in RECOMPUTE:
            raise ValueError(
                f"plan: recompute = {shown(self.recompute)} should be one of {', '.join(RECOMPUTE)}"
            )
        if self.schedule not in SCHEDULES:
            raise ValueError(
                f"plan: schedule = {shown(self.schedule)} should be one of {', '.join(SCHEDULES)}"
            )

    @property
    def devices(self) -> int:
        """Devices that the plan keeps busy."""
        return self.tp * self.cp * self.dp * self.pp


def check_whole(
    what: str, value: object, largest: int | None = LARGEST_DEGREE, least: int = 1
) -> int:
    """The whole number that is given, of Python or of NumPy.

    Raises:
        ValueError: it is none, or not from `least` to `largest`
    """
    is_whole = isinstance(value, (int, np.integer)) and not isinstance(value, bool)
    number = int(value) if is_whole else least - 1  # type: ignore[call-overload]
    if number < least or (largest is not None and number > largest):
        allowed = f"of {least} or more" if largest is None else f"from {least} to {largest:,}"
        raise ValueError(f"{what} = {shown(value)} should be a whole number {allowed}")
    return number


def shown(value: object) -> str:
    """How an error names what was given: short, whatever it is."""
    if isinstance(value, int) and value.bit_length() > 100:
        return f"a number of about {value.bit_length() * 0.30103:,.0f} digits"
    return f"{value!r:.40}"


def stage_slots(layers: int, stages: int) -> int | None:
    """Layers of one stage: equal shares, or embedding and head each in place of a layer.

    Returns:
        None if neither way divides the layers
    """
    for slots in (layers, layers + 2):
        if slots % stages == 0 and slots // stages >= 1:
            return slots // stages
    return None


def require_plan(plan: object) -> None:
    """Refuse what is no plan.

    Raises:
        ValueError: what was given instead
    """
    if not isinstance(plan, Plan):
        raise ValueError(f"plan: a cluster.Plan says how to cut a model, not a {_kind(plan)}")


def check_plan(plan: Plan, model: Transformer) -> None:
    """Refuse a plan that the model cannot be cut by.

    Raises:
        ValueError: what does not divide, and a degree that would
    """
    require_plan(plan)
    stages = plan.pp * plan.virtual_stages
    if stage_slots(model.layers, stages) is None:
        raise ValueError(
            f"plan: {model.layers} layers of {model.name} (or {model.layers + 2} with embedding "
            f"and head) cannot be divided into pp x virtual_stages = {plan.pp} x "
            f"{plan.virtual_stages} equal stages; try {near_divisor(model.layers, stages)}"
        )
    if model.heads % plan.tp:
        raise ValueError(
            f"plan: {model.heads} heads of {model.name} cannot be divided over tp = {plan.tp}; "
            f"try {near_divisor(model.heads, plan.tp)}"
        )
    if model.experts % plan.ep:
        reason = f"{model.experts} experts" if model.is_mixture else "one feed-forward network"
        raise ValueError(
            f"plan: {model.name} has {reason} in a layer, ep = {plan.ep} does not divide that; "
            f"try {near_divisor(model.experts, plan.ep)}"
        )
    holders = plan.tp * plan.cp * plan.dp
    if holders % plan.ep:
        raise ValueError(
            f"plan: ep = {plan.ep} should divide tp x cp x dp = {holders}, the devices that hold "
            f"the same layers"
        )
    if plan.virtual_stages > 1 and plan.pp == 1:
        raise ValueError("plan: virtual_stages interleave a pipeline; pp = 1 is none, use 1")
    if plan.virtual_stages > 1 and plan.schedule != "1f1b":
        raise ValueError(
            f"plan: the {plan.schedule} schedule has one virtual stage, the plan "
            f"{plan.virtual_stages}; use virtual_stages = 1 or schedule = '1f1b'"
        )


def _kind(value: object) -> str:
    return type(value).__name__


def near_divisor(number: int, wanted: int) -> int:
    """The divisor of `number` closest to `wanted`."""
    divisors = [d for d in range(1, number + 1) if number % d == 0]
    return min(divisors, key=lambda d: (abs(d - wanted), d))
