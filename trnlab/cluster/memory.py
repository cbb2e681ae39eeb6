"""Bytes that one device holds, by kind, on the stage of a pipeline that holds most.

Activations follow Korthikanti et al., "Reducing Activation Recomputation in Large Transformer
Models" (arXiv 2205.05198), written out per tensor so that other layers can be counted too.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from .columns import Column, Plans
from .layer_time import FULL, SELECTIVE
from .models import Layer, Transformer, layer_parameters
from .models.counts import embedding_parameters
from .work import ACTIVATION_BYTES, Share, expert_rows, share

WEIGHT_BYTES = 2.0  # 16-bit copy that products read
GRADIENT_BYTES = 4.0  # summed in FP32
OPTIMIZER_BYTES = 12.0  # FP32 weights and two moments
LOGIT_BYTES = 4.0


class Held(NamedTuple):
    """Parameters of one device: those every data-parallel rank repeats, and experts."""

    dense: Column
    experts: Column
    expert_copies: Column  # devices that hold the same experts

    @property
    def total(self) -> Column:
        """Both."""
        return self.dense + self.experts


def stage_layers(model: Transformer, plans: Plans) -> tuple[Column, Column]:
    """Layers of a middle stage, and those the embedding and the head each stand for (0 or 1)."""
    stages = plans.pp * plans.virtual_stages
    replaced = np.where(model.layers % stages == 0, 0.0, 1.0)
    return (model.layers + 2 * replaced) / plans.pp, replaced


def held_parameters(model: Transformer, plans: Plans) -> Held:
    """Parameters of one device on the stage with the embedding."""
    layers, replaced = stage_layers(model, plans)
    dense, experts = np.zeros_like(plans.tp), np.zeros_like(plans.tp)
    split = np.maximum(1.0, plans.tp / plans.ep)
    for count, layer in model.groups:
        kinds = layer_parameters(model, layer)
        held = (kinds.attention + kinds.mlp) / plans.tp + kinds.norms + kinds.router
        weight = count / model.layers
        dense = dense + weight * held
        experts = experts + weight * kinds.experts / (plans.ep * split)
    ends = embedding_parameters(model) / plans.tp
    own = layers - replaced * np.where(plans.pp == 1, 2.0, 1.0)
    both = np.where((plans.pp == 1) & (not model.is_tied), 2.0, 1.0)
    copies = plans.tp * plans.cp * plans.dp / (plans.ep * split)
    return Held(dense * own + ends * both, experts * own, np.maximum(1.0, copies))


def training_bytes(
    model: Transformer, plans: Plans, sequence: Column, micro_batches: Column
) -> dict[str, Column]:
    """Memory of one device by kind, for training."""
    held = held_parameters(model, plans)
    ranks = plans.dp * plans.cp

    def sharded(stage: int, bytes_: float) -> Column:
        cut = plans.zero >= stage
        dense = held.dense / np.where(cut, ranks, 1.0)
        return bytes_ * (dense + held.experts / np.where(cut, held.expert_copies, 1.0))

    return {
        "weights": sharded(3, WEIGHT_BYTES) + _gathered(model, plans, held),
        "gradients": sharded(2, GRADIENT_BYTES),
        "optimizer": sharded(1, OPTIMIZER_BYTES),
        "activations": activation_bytes(model, plans, sequence, micro_batches),
        "logits": logit_bytes(model, plans, sequence),
    }


def activation_bytes(
    model: Transformer, plans: Plans, sequence: Column, micro_batches: Column
) -> Column:
    """What the first stage keeps for the backward pass, at the fullest moment."""
    layers, replaced = stage_layers(model, plans)
    own = layers - replaced * np.where(plans.pp == 1, 2.0, 1.0)
    interleaved = np.where(plans.virtual_stages > 1, (plans.pp - 1) / plans.virtual_stages, 0.0)
    in_flight = np.minimum(plans.pp + interleaved, micro_batches)
    kept, working = np.zeros_like(plans.tp), np.zeros_like(plans.tp)
    for count, layer in model.groups:
        part = share(plans, layer, sequence)
        whole = layer_activation_bytes(model, layer, part, _keeps_scores(plans))
        again = layer_activation_bytes(model, layer, part, plans.fused_attention == 0)
        full = plans.recompute == FULL
        inputs = part.tokens * model.hidden * ACTIVATION_BYTES / part.sharded
        kept = kept + count / model.layers * np.where(full, inputs, whole)
        working = np.maximum(working, np.where(full, again, 0.0))
    return kept * own * in_flight + working


def layer_activation_bytes(
    model: Transformer, layer: Layer, part: Share, keeps_scores: Column
) -> Column:
    """Activations of one layer for one micro-batch, nothing recomputed but scores if told."""
    attention, hidden = layer.attention, float(model.hidden)
    masks = 2.0 if model.has_dropout else 0.0
    norms = (2 * layer.norms + 4.0 + masks) * hidden
    kv_share = np.minimum(part.tp, attention.kv_heads)
    heads = 2.0 * (attention.query_width + attention.out_width) / part.tp
    heads = heads + 2.0 * attention.kv_width / kv_share
    each_score = 5.0 if model.has_dropout else 4.0
    scores = each_score * attention.heads * part.keys / part.tp * keeps_scores
    feed = _feed_forward_bytes(layer, part)
    return part.tokens * (norms / part.sharded + heads + scores) + feed


def logit_bytes(model: Transformer, plans: Plans, sequence: Column) -> Column:
    """FP32 logits of one micro-batch, where the head shares a stage with the embedding."""
    tokens = plans.micro_batch * sequence / plans.cp
    return np.where(plans.pp == 1, LOGIT_BYTES * tokens * model.vocabulary / plans.tp, 0.0)


def _keeps_scores(plans: Plans) -> Column:
    return (plans.fused_attention == 0) & (plans.recompute < SELECTIVE)


def _feed_forward_bytes(layer: Layer, part: Share) -> Column:
    total = np.zeros_like(part.tokens)
    for mlp in (layer.mlp, layer.experts.shared if layer.experts else None):
        if mlp:
            total = total + part.tokens * 2.0 * (mlp.up_columns + mlp.inner) / part.tp
    if layer.experts:
        rows, count, split = expert_rows(layer.experts, part)
        expert = layer.experts.expert
        total = total + rows * count * 2.0 * (expert.up_columns + expert.inner) / split
    return total


def _gathered(model: Transformer, plans: Plans, held: Held) -> Column:
    """ZeRO 3 gathers two layers' weights at a time."""
    layers, _ = stage_layers(model, plans)
    return np.where(plans.zero >= 3, 2 * WEIGHT_BYTES * held.total / layers, 0.0)
