"""Requests that others have served, beside predictions: one at a time, and as many as fit."""

from __future__ import annotations

from collections.abc import Iterable

from trnlab.spec.systems import system as find_system

from .compared import Row
from .degrees import Plan
from .inference import Inference, predict_inference
from .published import MeasuredRequest, MeasuredServing


def request_rows(requests: Iterable[MeasuredRequest]) -> list[Row]:
    """One or two rows for each measured request."""
    return [row for each in requests for row in _request_rows(each)]


def serving_rows(measured: Iterable[MeasuredServing]) -> list[Row]:
    """One row for each queue of requests."""
    return [_serving_row(each) for each in measured]


def _request_rows(measured: MeasuredRequest) -> list[Row]:
    found = predict_inference(
        model=measured.model,
        system=measured.system,
        chips=measured.chips,
        plan=measured.plan,
        batch=measured.batch,
        prompt=measured.computed_prompt,
        output=measured.output,
    )
    workload = (
        f"{measured.model}, {measured.chips} chips of {measured.system}, batch {measured.batch}, "
        f"{measured.prompt:,} in"
    )
    figures = (
        ("first token, ms", measured.ttft_s, found.ttft_s),
        ("time per token, ms", measured.tpot_s, found.tpot_s),
    )
    doubt = measured.assumed
    if measured.bucket:
        doubt = f"the prompt is padded to {measured.bucket:,}"
    return [
        Row(workload, what, 1e3 * there, 1e3 * here, measured.source, doubt)
        for what, there, here in figures
        if there is not None
    ]


def _serving_row(measured: MeasuredServing) -> Row:
    """As many requests at once as their caches have room for."""

    def served(batch: int) -> Inference:
        return predict_inference(
            model=measured.model,
            system=measured.system,
            chips=measured.chips,
            plan=Plan(tp=measured.chips),
            batch=batch,
            prompt=measured.prompt,
            output=measured.output,
            dtype="float8",
            cache_dtype="float8",
        )

    held = served(1).memory_bytes
    free = find_system(measured.system).device_hbm_bytes - held["weights"]
    room = int(measured.cache_share * free / held["cache"])
    found = served(min(room, measured.most_requests))
    workload = (
        f"{measured.model}, {measured.system} x {measured.chips}, batch {found.batch:,}, "
        f"{measured.prompt:,} in, {measured.output:,} out"
    )
    figures = ("tokens/s", measured.tokens_per_s, found.tokens_per_s)
    return Row(workload, *figures, measured.source, measured.assumed)
