"""Scale out: machines of many chips, collectives, models, plans and what they cost.

>>> from trnlab import cluster
>>> p = cluster.predict_training(model="llama-3.1-70b", system="trn3-gen2", chips=144,
...     plan=cluster.Plan(tp=8, pp=4, dp=4), global_batch=1024, sequence=8192)
>>> p.step_s, p.mfu, p.fits
"""

from importlib import import_module
from typing import Any

_LAZY = {
    "Plan": "degrees",
    "Training": "training",
    "predict_training": "training",
    "Inference": "inference",
    "predict_inference": "inference",
    "Disaggregated": "disaggregated",
    "disaggregate": "disaggregated",
    "pools": "disaggregated",
    "sweep": "sweeps",
    "pipeline_timeline": "timeline",
    "plan": "planner",
    "Planning": "planner",
    "Goal": "planner",
    "model": "models",
    "gallery": "models",
    "machine": "topology",
}
_PARTS = ("claims", "collectives", "models", "scenario", "topology", "validation")

__all__ = [*_LAZY, *_PARTS]


def __getattr__(name: str) -> Any:
    """Load a part when it is first asked for."""
    if name in _LAZY:
        return getattr(import_module(f"trnlab.cluster.{_LAZY[name]}"), name)
    if name in _PARTS:
        return import_module(f"trnlab.cluster.{name}")
    raise AttributeError(f"trnlab.cluster has no {name!r}; it has {', '.join(__all__)}")
