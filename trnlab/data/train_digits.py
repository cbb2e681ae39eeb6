"""Train the digits network with plain NumPy and write `digits_mlp.npz` (about a second).

    python -m trnlab.data.train_digits

Stochastic gradient descent with momentum, in float64, from one seed. The weights are then rounded
to multiples of 2**-16, which has two uses: small differences between machines' libraries round
away, so that the same file comes out; and the sums of the first layer are exact in float32,
because pixels are whole numbers.
"""

from dataclasses import replace

import numpy as np

from trnlab.data import HERE, Digits, DigitsMlp, digits, pixels

SEED = 0
HIDDEN = 128  # the side of the tensor engine's array
EPOCHS = 40
BATCH = 32
STEP = 0.05  # falls linearly to 0
MOMENTUM = 0.9
DECAY = 1e-3
GRID = 2.0**-16

Weights = list[np.ndarray]  # w1, b1, w2, b2


def train(data: Digits, rng: np.random.Generator) -> DigitsMlp:
    """The network learned from `data.train`, with its accuracy on both parts of the split."""
    weights = _descend(pixels(data.images[data.train]) / 16.0, data.labels[data.train], rng)
    weights[0] /= 16  # from ink between 0 and 1 to pixels between 0 and 16
    w1, b1, w2, b2 = map(_on_grid, weights)
    mlp = DigitsMlp(w1, b1, w2, b2, train_accuracy=np.nan, test_accuracy=np.nan)
    return replace(
        mlp,
        train_accuracy=_accuracy(mlp, data, data.train),
        test_accuracy=_accuracy(mlp, data, data.test),
    )


def _descend(ink: np.ndarray, labels: np.ndarray, rng: np.random.Generator) -> Weights:
    wanted = np.eye(10)[labels]
    weights = [*_layer(64, HIDDEN, rng), *_layer(HIDDEN, 10, rng)]
    speeds = [np.zeros_like(weight) for weight in weights]
    for epoch in range(EPOCHS):
        step = STEP * (1 - epoch / EPOCHS)
        order = rng.permutation(len(ink))
        for start in range(0, len(ink), BATCH):
            rows = order[start : start + BATCH]
            slopes = _slopes(weights, ink[rows], wanted[rows])
            for weight, speed, slope in zip(weights, speeds, slopes, strict=True):
                speed *= MOMENTUM
                speed -= step * slope
                weight += speed
    return weights


def _layer(inputs: int, outputs: int, rng: np.random.Generator) -> Weights:
    return [rng.normal(0, np.sqrt(2 / inputs), (inputs, outputs)), np.zeros(outputs)]


def _slopes(weights: Weights, ink: np.ndarray, wanted: np.ndarray) -> Weights:
    """Gradient of the mean cross entropy plus DECAY/2 times the squared weights."""
    w1, b1, w2, b2 = weights
    hidden = np.maximum(ink @ w1 + b1, 0)
    d_logits = (_softmax(hidden @ w2 + b2) - wanted) / len(ink)
    d_hidden = (d_logits @ w2.T) * (hidden > 0)
    return [
        ink.T @ d_hidden + DECAY * w1,
        d_hidden.sum(axis=0),
        hidden.T @ d_logits + DECAY * w2,
        d_logits.sum(axis=0),
    ]


def _softmax(logits: np.ndarray) -> np.ndarray:
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def _on_grid(weight: np.ndarray) -> np.ndarray:
    return (np.round(weight / GRID) * GRID).astype(np.float32)


def _accuracy(mlp: DigitsMlp, data: Digits, rows: np.ndarray) -> float:
    return float((mlp.predict(data.images[rows]) == data.labels[rows]).mean())


def main() -> None:
    mlp = train(digits(), np.random.default_rng(SEED))
    np.savez_compressed(HERE / "digits_mlp.npz", **vars(mlp))
    print(f"train {mlp.train_accuracy:.2%}, held out {mlp.test_accuracy:.2%}: digits_mlp.npz")


if __name__ == "__main__":
    main()
