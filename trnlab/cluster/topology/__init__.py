"""Machines of many chips: levels, routes, loads of links, bandwidth between halves."""

from .links import Link, link, link_bytes_per_s
from .machine import Level, Machine, Place, machine
from .routes import NONE, Routes, routes
from .traffic import Loads, bisection_bytes_per_s, link_loads

__all__ = [
    "NONE",
    "Level",
    "Link",
    "Loads",
    "Machine",
    "Place",
    "Routes",
    "bisection_bytes_per_s",
    "link",
    "link_bytes_per_s",
    "link_loads",
    "machine",
    "routes",
]
