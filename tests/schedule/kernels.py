"""Random kernels: a few tiles, a few instructions, drawn by Hypothesis."""

from typing import Any

from hypothesis import strategies as st

import trnlab.nki.language as nl
from trnlab import nki
from trnlab.metrics.profile import Profile, profile, shape
from trnlab.nki import isa as nisa

TILES = 3
FREE = (1, 64, 512)

steps = st.lists(
    st.tuples(
        st.sampled_from(("load", "store", "copy", "add", "exp", "matmul", "drain", "memset")),
        st.integers(0, TILES - 1),
        st.integers(0, TILES - 1),
    ),
    min_size=1,
    max_size=40,
)
programs = st.tuples(steps, st.sampled_from(FREE), st.sampled_from(("bfloat16", "float32")))


@nki.jit
def random_kernel(data: Any, actions: Any) -> Any:
    """Some tiles in SBUF and PSUM; every action reads and writes some of them."""
    result = nl.ndarray(data.shape, dtype=data.dtype, buffer=nl.shared_hbm, name="result")
    tiles = [nl.ndarray(data.shape, dtype=data.dtype, buffer=nl.sbuf) for _ in range(TILES)]
    sums = [nl.ndarray(data.shape, dtype=nl.float32, buffer=nl.psum) for _ in range(2)]
    weights = nl.ndarray((128, 128), dtype=data.dtype, buffer=nl.sbuf)
    nisa.memset(dst=weights, value=0)
    for tile in (*tiles, *sums):
        nisa.memset(dst=tile, value=0)
    for action, a, b in actions:
        if action == "load":
            nisa.dma_copy(dst=tiles[a], src=data)
        elif action == "store":
            nisa.dma_copy(dst=result, src=tiles[a])
        elif action == "copy":
            nisa.tensor_copy(dst=tiles[a], src=tiles[b])
        elif action == "add":
            nisa.tensor_tensor(tiles[a], tiles[a], tiles[b], op=nl.add)
        elif action == "exp":
            nisa.activation(dst=tiles[a], op=nl.exp, data=tiles[b])
        elif action == "matmul":
            nisa.nc_matmul(dst=sums[a % 2], stationary=weights, moving=tiles[b])
        elif action == "drain":
            nisa.tensor_copy(dst=tiles[a], src=sums[b % 2])
        else:
            nisa.memset(dst=tiles[a], value=0)
    nisa.dma_copy(dst=result, src=tiles[0])
    return result


def run(program: tuple, chip: str) -> Profile:
    """Time of a random kernel."""
    actions, free, dtype = program
    return profile(random_kernel, shape((128, free), dtype), actions, chip=chip)
