"""What a caller may ask of a system: how many chips, how many devices, which format."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from trnlab.spec.accelerator import Accelerator
from trnlab.spec.system import System

from .degrees import Plan, check_whole, shown
from .dtypes import FORMATS, Format


def check_chips(system: System, chips: object) -> int:
    """The number of chips, if it can be had.

    Raises:
        ValueError: not a whole number, not whole servers, or more than can be connected
    """
    chips = check_whole("chips", chips, None)
    if chips > system.max_chips:
        many = f"{chips:,}" if chips < 10**20 else shown(chips)
        raise ValueError(
            f"chips = {many} of {system.name} cannot be connected: at most {system.max_chips:,} "
            "have been announced"
        )
    server = system.chips_per_server
    if chips % server and server % chips:
        below = chips // server * server
        near = f"{below:,} or {below + server:,}" if below else f"{server:,}"
        raise ValueError(
            f"chips = {chips:,} is not a number of whole servers: {system.name} has {server} "
            f"chips in a server; use {near}"
        )
    return chips


def whole_chips(system: System, devices: NDArray[np.float64]) -> NDArray[np.float64]:
    """The fewest chips that can be had with so many devices: a part of a server, or servers."""
    server = system.chips_per_server
    needed = np.ceil(devices / system.devices_per_chip)
    parts = np.array([n for n in range(1, server + 1) if server % n == 0], float)
    part = parts[np.minimum(np.searchsorted(parts, needed), len(parts) - 1)]
    return np.where(needed > server, np.ceil(needed / server) * server, part)


def check_devices(system: System, chips: int, plan: Plan) -> None:
    """Refuse a plan that needs more devices than there are.

    Raises:
        ValueError: too many devices
    """
    there = chips * system.devices_per_chip
    if plan.devices > there:
        raise ValueError(
            f"plan: tp x cp x dp x pp = {plan.tp} x {plan.cp} x {plan.dp} x {plan.pp} = "
            f"{plan.devices:,} devices, and {chips:,} chips of {system.name} have {there:,} "
            f"({system.device}, {system.devices_per_chip} to a chip)"
        )


def check_dtype(system: System, dtype: Format) -> None:
    """Refuse a format that the system's devices do not multiply.

    Raises:
        ValueError: the formats that they do
    """
    has = [name for name, known in FORMATS.items() if _multiplies(system, known)]
    if dtype.name not in has:
        raise ValueError(
            f"dtype: {system.name} does not multiply {dtype.name}; use {', '.join(has)}"
        )


def _multiplies(system: System, dtype: Format) -> bool:
    chip = system.chip
    if isinstance(chip, Accelerator):
        return any(mode in chip.flops_per_s for mode in dtype.device_modes)
    return dtype.core_modes[0] in chip.core.tensor.macs_per_pe_cycle
