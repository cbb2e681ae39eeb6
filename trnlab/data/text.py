"""A real text and a small transformer that predicts its next character, shipped with the package.

In: `alice.txt` and `alice_model.npz` beside this module. Out: records of read-only NumPy arrays.
Nothing here knows the chip. Where the files come from, and their licence: `ALICE.md`.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import ml_dtypes
import numpy as np

from trnlab.data import HERE

HELD_OUT = "CHAPTER XI\n"  # from here on to the end: kept from training
CONTEXT = 128  # characters that one sequence holds
HEADS = 4
AT_ONCE = 8  # sequences whose intermediate values fit into a cache
EPSILON = 1e-5
MASKED = np.float32(-1e9)


@dataclass(frozen=True)
class Text:
    """A book as numbers, one for each character, and the split every lesson uses."""

    characters: str  # number -> character
    train: np.ndarray  # [~130,000] uint8, to learn from
    test: np.ndarray  # [~16,000] uint8, the last two chapters

    def windows(self, count: int) -> tuple[np.ndarray, np.ndarray]:
        """Sequences of the held-out part, and what follows each of their characters.

        Returns:
            tokens and targets, [count, CONTEXT] both; sequences do not overlap
        Raises:
            ValueError: more sequences than the held-out part has
        """
        available = (len(self.test) - 1) // CONTEXT
        if not 1 <= count <= available:
            raise ValueError(
                f"windows: {count} sequences of {CONTEXT} characters; the held-out part has 1 to "
                f"{available}"
            )
        shape, end = (count, CONTEXT), count * CONTEXT
        return self.test[:end].reshape(shape), self.test[1 : end + 1].reshape(shape)


@dataclass(frozen=True)
class TextModel:
    """A transformer without biases; weights are [inputs, outputs].

    x = embedding[tokens] + positions; in each block x += attention(norm(x)) and x += mlp(norm(x));
    logits = norm(x) @ head, with norm(x) = x / sqrt(mean(x^2) + eps).
    """

    embedding: np.ndarray  # [characters, d]
    positions: np.ndarray  # [CONTEXT, d]
    layers: Mapping[str, np.ndarray]  # by name, in the order of their use: "qkv0", ..., "head"
    test_loss: float  # mean cross entropy of the whole held-out part in nats, after training

    @property
    def blocks(self) -> int:
        """Number of blocks."""
        return sum(name.startswith("qkv") for name in self.layers)

    def embed(self, tokens: np.ndarray) -> np.ndarray:
        """[batch, S] to float32 [batch, S, d]; S is at most CONTEXT.

        Raises:
            ValueError: a longer sequence, or a token that stands for no character
        """
        tokens = np.asarray(tokens)
        if tokens.ndim != 2 or not 1 <= tokens.shape[1] <= CONTEXT:
            raise ValueError(
                f"embed: tokens have shape {list(tokens.shape)}, but must be [batch, S] with S "
                f"from 1 to {CONTEXT}"
            )
        if tokens.size and not 0 <= int(tokens.min()) <= int(tokens.max()) < len(self.embedding):
            raise ValueError(
                f"embed: tokens from {tokens.min()} to {tokens.max()}; the text has "
                f"{len(self.embedding)} characters, from 0"
            )
        return self.embedding[tokens] + self.positions[: tokens.shape[1]]

    def forward(
        self, tokens: np.ndarray, inputs: dict[str, np.ndarray] | None = None
    ) -> np.ndarray:
        """Logits in float32, the reference that the modelled core is compared with.

        Args:
            tokens: [batch, S]
            inputs: filled with what each layer is given, [batch, S, inputs]
        Returns:
            [batch, S, characters] float32
        """
        seen: dict[str, np.ndarray] = {} if inputs is None else inputs
        x = self.embed(tokens)
        for i in range(self.blocks):
            mixed = attention(self._layer(f"qkv{i}", norm(x), seen))
            x = x + self._layer(f"out{i}", mixed, seen)
            hidden = silu(self._layer(f"up{i}", norm(x), seen))
            x = x + self._layer(f"down{i}", hidden, seen)
        return self._layer("head", norm(x), seen)

    def loss(self, tokens: np.ndarray, targets: np.ndarray) -> float:
        """Mean cross entropy of [batch, S] characters in nats, some sequences at a time."""
        starts = range(0, len(tokens), AT_ONCE)
        parts = [(tokens[i : i + AT_ONCE], targets[i : i + AT_ONCE]) for i in starts]
        return sum(cross_entropy(self.forward(x), y) * y.size for x, y in parts) / targets.size

    def _layer(self, name: str, x: np.ndarray, seen: dict[str, np.ndarray]) -> np.ndarray:
        seen[name] = x
        return x @ self.layers[name]


def norm(x: np.ndarray) -> np.ndarray:
    """x / sqrt(mean(x^2) + eps) over the last axis."""
    return x / np.sqrt(np.square(x).mean(axis=-1, keepdims=True) + np.float32(EPSILON))


def silu(x: np.ndarray) -> np.ndarray:
    """x / (1 + exp(-x))."""
    return x / (1 + np.exp(-x))


def attention(qkv: np.ndarray) -> np.ndarray:
    """Causal attention of all heads; [batch, S, 3 d] to [batch, S, d]."""
    q, k, v = split_heads(qkv)
    scores = q @ k.swapaxes(-1, -2) / np.float32(np.sqrt(q.shape[-1]))
    scores = np.where(np.tri(scores.shape[-1], dtype=bool), scores, MASKED)
    return joined_heads(softmax(scores) @ v)


def split_heads(qkv: np.ndarray) -> np.ndarray:
    """[batch, S, 3 d] to [3, batch, heads, S, d / heads]."""
    batch, s, d3 = qkv.shape
    parts = qkv.reshape(batch, s, 3, HEADS, d3 // 3 // HEADS).transpose(2, 0, 3, 1, 4)
    return np.ascontiguousarray(parts)  # what lies together multiplies far faster


def joined_heads(x: np.ndarray) -> np.ndarray:
    """[batch, heads, S, d / heads] to [batch, S, d]."""
    batch, heads, s, d = x.shape
    return x.transpose(0, 2, 1, 3).reshape(batch, s, heads * d)


def softmax(x: np.ndarray) -> np.ndarray:
    """Over the last axis."""
    powers = np.exp(x - x.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def cross_entropy(logits: np.ndarray, targets: np.ndarray) -> float:
    """Mean of -log p(target), in nats.

    Args:
        logits: [..., characters]
        targets: [...]
    """
    wide = logits.astype(np.float64)
    wide -= wide.max(axis=-1, keepdims=True)
    chosen = np.take_along_axis(wide, targets[..., np.newaxis].astype(np.intp), axis=-1)[..., 0]
    return float((np.log(np.exp(wide).sum(axis=-1)) - chosen).mean())


@cache
def alice() -> Text:
    """Alice's Adventures in Wonderland by Lewis Carroll (1865)."""
    text = (HERE / "alice.txt").read_text(encoding="ascii")
    characters = "".join(sorted(set(text)))
    numbers = {character: number for number, character in enumerate(characters)}
    codes = np.array([numbers[character] for character in text], np.uint8)
    codes.flags.writeable = False
    start = text.index(HELD_OUT)
    return Text(characters, codes[:start], codes[start:])


@cache
def text_model() -> TextModel:
    """The weights that `train_text.py` found, and the loss it measured."""
    with np.load(HERE / "alice_model.npz", allow_pickle=False) as file:
        arrays = {name: file[name] for name in file.files}
    loss = float(arrays.pop("test_loss"))
    wide = {name: _from_bfloat16(bits) for name, bits in arrays.items()}
    embedding, positions = wide.pop("embedding"), wide.pop("positions")
    return TextModel(embedding, positions, wide, loss)


def _from_bfloat16(bits: np.ndarray) -> np.ndarray:
    """Weights are kept as the bits of bfloat16."""
    values = bits.view(ml_dtypes.bfloat16).astype(np.float32)
    values.flags.writeable = False
    return values
