"""Train the text model with plain NumPy and write `alice_model.npz` (some minutes).

    python -m trnlab.data.train_text

Adam with decoupled weight decay, in float32, from one seed; the gradient is written out below. The
weights are then rounded to bfloat16 once, so that they are exact in both wide formats. Another
machine's libraries add in another order, so its file differs in the last digits of the loss.
"""

from dataclasses import replace

import numpy as np

from trnlab.data import HERE
from trnlab.data.text import (
    CONTEXT,
    EPSILON,
    Text,
    TextModel,
    alice,
    cross_entropy,
    joined_heads,
    softmax,
    split_heads,
)
from trnlab.numerics import stored

SEED = 0
WIDTH = 256
HIDDEN = 512
BLOCKS = 2
STEPS = 1400
BATCH = 16
RATE = 2e-3  # rises over the first WARM steps, then falls as a cosine
WARM = 50
DECAY = 0.1
MOMENTS = (0.9, 0.98)

Weights = dict[str, np.ndarray]


def train(text: Text, rng: np.random.Generator, steps: int = STEPS) -> Weights:
    """Weights learned from `text.train`."""
    weights = initial(len(text.characters), rng)
    first = {name: np.zeros_like(weight) for name, weight in weights.items()}
    second = {name: np.zeros_like(weight) for name, weight in weights.items()}
    for step in range(steps):
        starts = rng.integers(0, len(text.train) - CONTEXT, BATCH)
        rows = starts[:, np.newaxis] + np.arange(CONTEXT + 1)
        tokens = text.train[rows]
        loss, slopes = slopes_of(weights, tokens[:, :-1], tokens[:, 1:])
        rate = RATE * min((step + 1) / WARM, (1 + np.cos(np.pi * step / steps)) / 2)
        for name, weight in weights.items():
            _adam(weight, slopes[name], first[name], second[name], rate, step)
        if step % 50 == 0:
            print(f"step {step}: {loss:.3f}", flush=True)
    return weights


def initial(characters: int, rng: np.random.Generator) -> Weights:
    """Random weights; those that add to x are smaller, so that x does not grow with depth."""
    sizes = {"embedding": (characters, WIDTH), "positions": (CONTEXT, WIDTH)}
    for i in range(BLOCKS):
        sizes[f"qkv{i}"] = (WIDTH, 3 * WIDTH)
        sizes[f"out{i}"] = (WIDTH, WIDTH)
        sizes[f"up{i}"] = (WIDTH, HIDDEN)
        sizes[f"down{i}"] = (HIDDEN, WIDTH)
    sizes["head"] = (WIDTH, characters)
    weights = {}
    for name, (inputs, outputs) in sizes.items():
        deviation = 0.02 if name in ("embedding", "positions") else inputs**-0.5
        if name.startswith(("out", "down")):
            deviation /= np.sqrt(2 * BLOCKS)
        weights[name] = rng.normal(0, deviation, (inputs, outputs)).astype(np.float32)
    return weights


def slopes_of(weights: Weights, tokens: np.ndarray, targets: np.ndarray) -> tuple[float, Weights]:
    """Mean cross entropy, and its gradient with respect to every weight."""
    x = weights["embedding"][tokens] + weights["positions"]
    steps = []  # what each block needs to be walked backwards
    for i in range(BLOCKS):
        x, first = _attend(x, weights[f"qkv{i}"], weights[f"out{i}"])
        x, second = _hidden(x, weights[f"up{i}"], weights[f"down{i}"])
        steps.append((first, second))
    normed, scale = _norm(x)
    logits = normed @ weights["head"]
    d_logits = softmax(logits)
    np.put_along_axis(
        d_logits,
        targets[..., np.newaxis].astype(np.intp),
        np.take_along_axis(d_logits, targets[..., np.newaxis].astype(np.intp), -1) - 1,
        -1,
    )
    d_logits /= targets.size
    slopes: Weights = {"head": _outer(normed, d_logits)}
    dx = _norm_back(d_logits @ weights["head"].T, normed, scale)
    for i in reversed(range(BLOCKS)):
        first, second = steps[i]
        dx, slopes[f"up{i}"], slopes[f"down{i}"] = _hidden_back(
            dx, second, weights[f"up{i}"], weights[f"down{i}"]
        )
        dx, slopes[f"qkv{i}"], slopes[f"out{i}"] = _attend_back(
            dx, first, weights[f"qkv{i}"], weights[f"out{i}"]
        )
    slopes["positions"] = dx.sum(axis=0)
    slopes["embedding"] = np.zeros_like(weights["embedding"])
    np.add.at(slopes["embedding"], tokens.reshape(-1), dx.reshape(-1, WIDTH))
    return cross_entropy(logits, targets), slopes


def _norm(x: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    scale = 1 / np.sqrt(np.square(x).mean(axis=-1, keepdims=True) + np.float32(EPSILON))
    return x * scale, scale


def _norm_back(dy: np.ndarray, y: np.ndarray, scale: np.ndarray) -> np.ndarray:
    return scale * (dy - y * (dy * y).mean(axis=-1, keepdims=True))


def _outer(x: np.ndarray, dy: np.ndarray) -> np.ndarray:
    """Gradient of w in y = x @ w."""
    return x.reshape(-1, x.shape[-1]).T @ dy.reshape(-1, dy.shape[-1])


def _attend(x: np.ndarray, qkv: np.ndarray, out: np.ndarray) -> tuple[np.ndarray, tuple]:
    normed, scale = _norm(x)
    q, k, v = split_heads(normed @ qkv)
    scores = q @ k.swapaxes(-1, -2) * np.float32(q.shape[-1] ** -0.5)
    scores += np.triu(np.full(scores.shape[-2:], -1e9, np.float32), 1)
    shares = softmax(scores)
    mixed = joined_heads(shares @ v)
    return x + mixed @ out, (normed, scale, q, k, v, shares, mixed)


def _attend_back(
    dx: np.ndarray, kept: tuple, qkv: np.ndarray, out: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    normed, scale, q, k, v, shares, mixed = kept
    batch, heads, s, d = q.shape
    d_mixed = np.ascontiguousarray((dx @ out.T).reshape(batch, s, heads, d).transpose(0, 2, 1, 3))
    d_shares = d_mixed @ v.swapaxes(-1, -2)
    d_scores = shares * (d_shares - (d_shares * shares).sum(axis=-1, keepdims=True))
    d_scores *= np.float32(d**-0.5)
    parts = (d_scores @ k, d_scores.swapaxes(-1, -2) @ q, shares.swapaxes(-1, -2) @ d_mixed)
    d_qkv = np.concatenate([joined_heads(part) for part in parts], axis=-1)
    d_normed = d_qkv @ qkv.T
    return dx + _norm_back(d_normed, normed, scale), _outer(normed, d_qkv), _outer(mixed, dx)


def _hidden(x: np.ndarray, up: np.ndarray, down: np.ndarray) -> tuple[np.ndarray, tuple]:
    normed, scale = _norm(x)
    before = normed @ up
    gate = 1 / (1 + np.exp(-before))
    return x + (before * gate) @ down, (normed, scale, before, gate)


def _hidden_back(
    dx: np.ndarray, kept: tuple, up: np.ndarray, down: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    normed, scale, before, gate = kept
    d_before = (dx @ down.T) * gate * (1 + before * (1 - gate))
    d_normed = d_before @ up.T
    back = dx + _norm_back(d_normed, normed, scale)
    return back, _outer(normed, d_before), _outer(before * gate, dx)


def _adam(
    weight: np.ndarray,
    slope: np.ndarray,
    first: np.ndarray,
    second: np.ndarray,
    rate: float,
    step: int,
) -> None:
    """One step in place."""
    a, b = MOMENTS
    first *= a
    first += (1 - a) * slope
    second *= b
    second += (1 - b) * np.square(slope)
    mean = first / np.float32(1 - a ** (step + 1))
    size = np.sqrt(second / np.float32(1 - b ** (step + 1)))
    weight -= np.float32(rate) * (mean / (size + np.float32(1e-8)) + np.float32(DECAY) * weight)


def measured(weights: Weights, text: Text) -> TextModel:
    """The weights as they are shipped, rounded to bfloat16, with their loss on `text.test`."""
    kept = {name: stored(weight, "bfloat16").astype(np.float32) for name, weight in weights.items()}
    embedding, positions = kept.pop("embedding"), kept.pop("positions")
    model = TextModel(embedding, positions, kept, np.nan)
    tokens, targets = text.windows((len(text.test) - 1) // CONTEXT)
    return replace(model, test_loss=model.loss(tokens, targets))


def main() -> None:
    model = measured(train(alice(), np.random.default_rng(SEED)), alice())
    arrays = {"embedding": model.embedding, "positions": model.positions, **model.layers}
    kept = {name: stored(array, "bfloat16").view(np.uint16) for name, array in arrays.items()}
    kept["test_loss"] = np.array(model.test_loss)
    np.savez_compressed(HERE / "alice_model.npz", allow_pickle=False, **kept)
    print(f"held-out loss {model.test_loss:.3f} nats per character: alice_model.npz")


if __name__ == "__main__":
    main()
