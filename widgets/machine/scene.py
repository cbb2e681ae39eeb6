"""A machine in numbers, and what a pattern of traffic puts on its links."""

from typing import Any

import numpy as np

from trnlab.cluster.topology import (
    NONE,
    Machine,
    bisection_bytes_per_s,
    link,
    link_loads,
    links,
    routes,
)
from trnlab.cluster.training import published_flops_per_s
from trnlab.spec.accelerator import Accelerator
from trnlab.spec.fabric import Torus
from trnlab.spec.gpus import B200
from trnlab.spec.trainium4 import mixed_domain
from widgets.lesson import amount
from widgets.machine.picture import column, picture
from widgets.machine.request import Request
from widgets.machine.systems import ANNOUNCED, figures, readings, standing

MOST_ROWS = 12  # of the table of busy links
LEVELS = {"domain": "scale-up domain", "server": "server", "chip": "chip", "core": "core"}


def scene(asked: Request) -> dict[str, Any]:
    """Everything that the machine's view shows.

    Raises:
        ValueError: what cannot be, in one sentence
    """
    of = asked.machine()
    guests = asked.gpus if asked.system == ANNOUNCED else 0
    mixed = mixed_domain(asked.domain, guests, B200) if guests else None
    facts = [["peak, BF16", *_peak(of, "bfloat16")]]
    narrow = next((name for name in ("mxfp8", "float8") if _multiplies(of, name)), "")
    facts += [[f"peak, {narrow.upper()}", *_peak(of, narrow)]] if narrow else []
    chip = of.system.chip
    facts += [
        ["memory (HBM)", amount(float(of.chips * chip.hbm_capacity_bytes), "B", 3)],
        ["memory bandwidth", amount(of.chips * chip.hbm_bytes_per_s, "B/s", 3)],
        ["between its halves", f"{amount(bisection_bytes_per_s(of), 'B/s', 3)}, one way"],
        [f"network ({of.system.scale_out.name})", _network(of)],
    ]
    if mixed:
        own, theirs = mixed.flops_per_s("float8")
        facts.append(["one mixed domain, FP8", f"{_flops(own)} and {_flops(theirs)} of GPUs"])
        facts.append(["between both kinds", amount(mixed.between_bytes_per_s, "B/s", 3)])
    return {
        "machine": picture(of, guests),
        "system": {
            "name": of.system.name,
            "product": of.system.product,
            "device": of.system.device,
            "readings": readings(of.system),
            "figures": figures(of.system),
            **standing(of.system),
        },
        "levels": [[LEVELS.get(each.name, each.name), each.parts] for each in of.levels()],
        "facts": facts,
        "steps": chip_steps(of),
        "traffic": _traffic(asked, of),
    }


def chip_steps(of: Machine) -> list[int]:
    """Numbers of chips that a slider offers: up to a domain, then domains."""
    server, domain = of.system.chips_per_server, of.system.domain_chips
    inside = [part for part in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512) if part < domain]
    inside = [n for n in inside if n % server == 0 or server % n == 0]
    most = of.system.max_chips // domain
    outside = [n for n in (1, 2, 4, 7, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000) if n < most]
    return [*inside, *(n * domain for n in outside), most * domain]


def _traffic(asked: Request, of: Machine) -> dict[str, Any]:
    source, target = asked.messages(of)
    loads = link_loads(of, source, target, asked.message_bytes)
    wired = loads.links < of.chips * links.PORTS
    order = np.argsort(-loads.seconds, kind="stable")
    busiest = loads.busiest_s
    rows = []
    for i in order[:MOST_ROWS]:
        found = link(of, int(loads.links[i]))
        rows.append(
            [found.chip, found.kind, float(loads.bytes[i]), found.bytes_per_s]
            + [float(loads.seconds[i])]
        )
    return {
        "messages": len(source),
        "link": column("i4", loads.links[wired]),
        "share": column("f4", loads.seconds[wired] / (busiest or 1.0)),
        "busiest_s": busiest,
        "busiest_link_s": float(loads.seconds[wired].max(initial=0.0)),
        "table": rows,
        "route": _route(of, int(source[0]), int(target[0])) if asked.pattern == "pair" else {},
    }


def _route(of: Machine, source: int, target: int) -> dict[str, Any]:
    found = routes(of, [source], [target])
    crossed = [int(number) for number in found.links[0] if number != NONE]
    return {
        "hops": int(found.hops[0]),
        "latency_s": float(found.latency_s[0]),
        "links": [[link(of, number).chip, link(of, number).kind] for number in crossed],
        "places": [_place(of, source), _place(of, target)],
    }


def _place(of: Machine, device: int) -> str:
    place = of.place(device)
    is_torus = isinstance(of.system.fabric, Torus)
    names = ("x", "y", "z") if is_torus else ("half", "server", "chip")
    where = ", ".join(f"{name} {at}" for name, at in zip(names, place.position, strict=True))
    return f"device {device:,}: domain {place.domain:,}, {where}"


def _multiplies(of: Machine, dtype: str) -> bool:
    chip = of.system.chip
    if isinstance(chip, Accelerator):
        return dtype in chip.flops_per_s
    modes = chip.core.tensor.macs_per_pe_cycle
    return ("mx" if dtype == "mxfp8" else "float8_double_row") in modes


def _peak(of: Machine, dtype: str) -> list[str]:
    return [_flops(of.chips * published_flops_per_s(of.system, dtype))]


def _flops(value: float) -> str:
    return amount(value, "FLOP/s", 4)


def _network(of: Machine) -> str:
    per_chip = of.system.scale_out.bytes_per_s
    return f"{amount(per_chip, 'B/s', 3)} a chip, one way"
