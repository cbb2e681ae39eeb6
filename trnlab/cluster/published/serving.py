"""Endless queues of equal requests, served as fast as memory lets: output of all GPUs."""

from __future__ import annotations

from .records import MeasuredServing

SOURCE = "NVIDIA TensorRT-LLM, docs/source/performance/perf-overview.md (v1.0)"
_LENGTHS = (  # tokens of a prompt and of an answer
    (128, 128),
    (128, 2048),
    (128, 4096),
    (500, 2000),
    (1000, 1000),
    (1000, 2000),
    (2048, 128),
    (2048, 2048),
    (5000, 500),
    (20_000, 2000),
)


def _served(name: str, chips: int, *tokens_per_s: float) -> list[MeasuredServing]:
    """One figure for each of `_LENGTHS`; weights and caches in FP8."""
    return [
        MeasuredServing(
            model=name,
            system="h100",
            chips=chips,
            prompt=prompt,
            output=output,
            tokens_per_s=rate,
            source=SOURCE,
        )
        for (prompt, output), rate in zip(_LENGTHS, tokens_per_s, strict=True)
    ]


H100_SERVING = (
    *_served("llama-3.1-8b", 1, 28312, 22714, 14325, 17660, 15220, 13899, 3450, 9305, 3459, 1351),
    *_served("llama-3.3-70b", 2, 6378, 6651, 4199, 5222, 4205, 4146, 762, 3082, 898, 437),
    *_served("llama-3.1-405b", 8, 3627, 4340, 3116, 3994, 2919, 2895, 453, 2296, 610, 345),
)
