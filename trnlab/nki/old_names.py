"""Names of NKI 0.1 that are gone, and what took their place."""

import sys

OLD: dict[str, dict[str, str]] = {
    "nl": {
        "mgrid": "index with slices, or show another order with .ap",
        "arange": "index with slices, or fill a tile with nisa.iota",
        "spmd_dim": "launch with kernel[n]",
        "nc": "launch with kernel[n]",
        "loop_reduce": "accumulate in PSUM with nisa.nc_matmul",
        "static_cast": "give the destination tile the dtype you want",
        "atomic_rmw": "add with nisa.dma_compute",
    },
    "nisa": {
        "tensor_copy_dynamic_src": "call nisa.tensor_copy on a view with .ap(scalar_offset=...)",
        "tensor_copy_dynamic_dst": "call nisa.tensor_copy on a view with .ap(scalar_offset=...)",
    },
    "nki": {
        "simulate_kernel": "call nki.simulate(kernel)(...)",
        "benchmark": "its time is in trnlab.profile(kernel, ...)",
        "baremetal": "call the kernel with arrays, or trnlab.profile(kernel, ...)",
        "profile": "its profile is trnlab.profile(kernel, ...)",
    },
}
HOMES = {"trnlab.nki": "nki", "trnlab.nki.language": "nl", "trnlab.nki.isa": "nisa"}


def gone(module: str, name: str) -> str:
    """What to say of a name that a module had in NKI 0.1; "" if it never had it."""
    alias = HOMES.get(module, "")
    way = OLD.get(alias, {}).get(name)
    return f"{alias}.{name} belongs to NKI 0.1, and this is NKI 0.6: {way}" if way else ""


def missing(module: str, name: str) -> AttributeError:
    """What a module's `__getattr__` raises."""
    if said := gone(module, name):
        return AttributeError(said)
    said = f"module {module!r} has no attribute {name!r}"
    return AttributeError(said, name=name, obj=sys.modules[module])
