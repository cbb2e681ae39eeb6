"""Transformers as records, read from Hugging Face configurations, and their exact counts."""

from .config import from_config, read_config
from .counts import (
    active_parameters,
    cache_values,
    forward_flops,
    layer_parameters,
    parameters,
    training_flops,
)
from .library import gallery, model
from .transformer import Attention, Experts, Latent, Layer, Mlp, Transformer

__all__ = [
    "Attention",
    "Experts",
    "Latent",
    "Layer",
    "Mlp",
    "Transformer",
    "active_parameters",
    "cache_values",
    "forward_flops",
    "from_config",
    "gallery",
    "layer_parameters",
    "model",
    "parameters",
    "read_config",
    "training_flops",
]
