"""Loops. Static control flow is plain Python and fully unrolled; the names differ in promise."""


def affine_range(start: int, stop: int | None = None, step: int = 1) -> range:
    """A range whose iterations do not depend on each other, but through accumulation."""
    return range(start) if stop is None else range(start, stop, step)


def sequential_range(start: int, stop: int | None = None, step: int = 1) -> range:
    """A range whose iterations may depend on each other."""
    return range(start) if stop is None else range(start, stop, step)


def static_range(start: int, stop: int | None = None, step: int = 1) -> range:
    """A range that the compiler unrolls."""
    return range(start) if stop is None else range(start, stop, step)
