"""Memory regions, as plain strings, and what they are."""

from typing import Any

sbuf = "sbuf"
psum = "psum"
private_hbm = "private_hbm"
hbm = private_hbm
shared_hbm = "shared_hbm"


def is_hbm(buffer: Any) -> bool:
    """Private or shared HBM."""
    return buffer in (private_hbm, shared_hbm)


def is_on_chip(buffer: Any) -> bool:
    """SBUF or PSUM."""
    return buffer in (sbuf, psum)


def is_sbuf(buffer: Any) -> bool:
    """SBUF."""
    return buffer == sbuf


def is_psum(buffer: Any) -> bool:
    """PSUM."""
    return buffer == psum
