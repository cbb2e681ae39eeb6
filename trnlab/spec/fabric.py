"""How chips are wired: a torus, switches, and the network between scale-up domains."""

from __future__ import annotations

from dataclasses import dataclass

from .record import Record


@dataclass(frozen=True, kw_only=True)
class Torus(Record):
    """Chips on a grid whose rows, columns and pillars are rings; a size of 1 has no links."""

    derived = ("chips",)

    x: int
    y: int
    z: int
    link_bytes_per_s: float  # of one link in x or y, one direction
    z_link_bytes_per_s: float  # of one link in z, one direction
    hop_s: float  # from chip to chip, with its semaphore
    routed_hop_s: float  # for each further chip that a message passes
    routed_rate: float  # of a link's bandwidth that messages through other chips reach
    axis_orders: int = 1  # in which the ranks of a chip halve and double over x, y and z

    @property
    def chips(self) -> int:
        """x times y times z."""
        return self.x * self.y * self.z


@dataclass(frozen=True, kw_only=True)
class Switched(Record):
    """Chips behind two levels of switches; twins of the two halves have links of their own.

    A server of chips shares one switch, a half of the domain shares another. NVLink domains are the
    case of one server.
    """

    derived = ("chips", "half_chips")

    chips_per_server: int
    servers: int
    halves: int
    server_bytes_per_s: float  # of a chip to its server's switch, one direction
    rack_bytes_per_s: float  # of a chip to the switch of its half, one direction
    twin_bytes_per_s: float  # of a chip to the same place in the other half, one direction
    hop_s: float

    @property
    def chips(self) -> int:
        """Chips of a server times servers."""
        return self.chips_per_server * self.servers

    @property
    def half_chips(self) -> int:
        """Chips that share a switch of the second level."""
        return self.chips // self.halves


@dataclass(frozen=True, kw_only=True)
class ScaleOut(Record):
    """The network between scale-up domains, taken to be free of bottlenecks inside."""

    name: str  # "EFA"
    bytes_per_s: float  # of one chip, one direction
    hop_s: float  # a minimal write from memory to memory
    max_chips: int
    straggle: float = 0.0  # of a step, lost at each doubling of the domains that wait for another


@dataclass(frozen=True, kw_only=True)
class Collectives(Record):
    """What a collective costs beyond links: its start, and what one device can move."""

    derived = ("meeting_s",)

    start_s: float  # before the first byte moves
    handshake_s: float  # more of it where ranks write to each other's results: mesh, halving
    device_bytes_per_s: float  # that one device sends while it receives and adds
    rate: float  # of a link's bandwidth that large messages reach
    out_rate: float  # of the scale-out bandwidth that large messages reach
    exposed: float  # part of tensor-parallel exchanges that no product hides
    backward: float = 1.0  # part of those left backward, where gradients of weights hide them
    hidden_cost: float = 0.0  # of an exchange behind compute, which it takes cores and memory from
    sends_token_once: bool = False  # to a domain, however many of its experts the token picks

    @property
    def meeting_s(self) -> float:
        """Before the first byte of mesh and of halving."""
        return self.start_s + self.handshake_s
