"""A decoder-only transformer as a record: what is counted, timed and stored follows from it."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True)
class Latent:
    """Multi-head latent attention (MLA): queries and keys come out of small latent vectors."""

    query_rank: int  # 0: queries come straight from the hidden state
    kv_rank: int
    rope_dim: int  # part of a key that every head shares
    nope_dim: int  # part of a key of its own


@dataclass(frozen=True, kw_only=True)
class Attention:
    """Heads of one layer."""

    heads: int
    kv_heads: int
    head_dim: int  # of queries and keys
    value_dim: int
    latent: Latent | None = None
    has_qkv_bias: bool = False
    has_out_bias: bool = False
    has_qk_norm: bool = False  # a norm on queries and on keys, of one head's width
    norms_all_heads: bool = False  # of the width of all heads
    has_sinks: bool = False  # one learned logit for each head

    @property
    def query_width(self) -> int:
        """Heads x width of a query."""
        return self.heads * self.head_dim

    @property
    def kv_width(self) -> int:
        """Columns of keys and values that one token adds."""
        return self.kv_heads * (self.head_dim + self.value_dim)

    @property
    def out_width(self) -> int:
        """Heads x width of a value."""
        return self.heads * self.value_dim


@dataclass(frozen=True, kw_only=True)
class Mlp:
    """A feed-forward network, or one expert."""

    inner: int
    is_gated: bool = True
    has_bias: bool = False

    @property
    def up_columns(self) -> int:
        """Columns of the first product: the inner width, twice if gated."""
        return self.inner * (2 if self.is_gated else 1)


@dataclass(frozen=True, kw_only=True)
class Experts:
    """A mixture of experts: a router sends each token to `top_k` of `count`."""

    count: int
    top_k: int
    expert: Mlp
    shared: Mlp | None = None  # every token passes it too
    groups: int = 1  # of experts
    top_groups: int = 1  # that one token may pick experts of
    has_shared_gate: bool = False
    has_router_bias: bool = False


@dataclass(frozen=True, kw_only=True)
class Layer:
    """Attention, then either a feed-forward network or a mixture of experts."""

    attention: Attention
    mlp: Mlp | None = None
    experts: Experts | None = None
    window: int | None = None  # tokens that attention looks back; None: all
    norms: int = 2  # of hidden width
    has_norm_bias: bool = False


@dataclass(frozen=True, kw_only=True)
class Transformer:
    """A model: groups of equal layers between an embedding and a head."""

    name: str
    hidden: int
    vocabulary: int
    groups: tuple[tuple[int, Layer], ...]  # (number of such layers, layer)
    is_tied: bool = False  # the head is the embedding
    positions: int = 0  # learned position vectors
    has_dropout: bool = False
    has_head_bias: bool = False
    source: str

    @property
    def layers(self) -> int:
        """Number of layers."""
        return sum(count for count, _ in self.groups)

    @property
    def is_mixture(self) -> bool:
        """Whether a layer has experts."""
        return any(layer.experts for _, layer in self.groups)

    @property
    def experts(self) -> int:
        """Experts of a layer; 1 for a dense model."""
        return max((layer.experts.count for _, layer in self.groups if layer.experts), default=1)

    @property
    def heads(self) -> int:
        """Query heads of the first layer."""
        return self.groups[0][1].attention.heads

    @property
    def kv_heads(self) -> int:
        """Key and value heads of the first layer."""
        return self.groups[0][1].attention.kv_heads
