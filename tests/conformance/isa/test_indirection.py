"""Where the index of an .indirect() view must lie, and which views go together."""

import numpy as np
import pytest

import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.conformance.refusals.refused import refusal_of, zeros
from tests.isa.harness import in_psum, run, tile

X = np.arange(32 * 16, dtype=np.float32).reshape(32, 16)


def at(partition, byte, shape=(32, 16), dtype="float32"):
    """A tile of zeros that the kernel places itself."""
    placed = nl.ndarray(shape, dtype, nl.sbuf, address=(partition, byte))
    nisa.memset(placed, 0)
    return placed


def gather(data, index):
    return lambda _: nisa.tensor_copy(tile((32, 16), "float32"), at(data, 0).indirect(
        at(index, 4096, (32, 1), "uint16")
    ))  # fmt: skip


def scatter(index, data):
    """Into a tile beside its index, from data elsewhere."""

    def call(_):
        dst = at(64, 0).indirect(at(index, 4096, (32, 1), "uint16"))
        nisa.tensor_copy(dst, data())

    return call


def both(stationary, moving, scale):
    """nc_matmul_mx, the operands of which are .indirect() views by these indices; None: are not."""

    def call(_):
        made = {}

        def view(operand, index):
            if index is None:
                return operand
            made.setdefault(index, zeros((32, 1), "uint16"))
            return operand.indirect(made[index])

        packed, bits = "float8_e5m2_x4", "uint8"
        nisa.nc_matmul_mx(
            tile((16, 16), "float32", "psum"),
            view(zeros((32, 16), packed), stationary),
            view(zeros((32, 16), packed), moving),
            view(zeros((32, 16), bits), scale),
            view(zeros((32, 16), bits), moving),
        )

    return call


def ran(call):
    return run(lambda x: (call(x), x)[1], X) is not None


def test_a_gather_s_index_lies_on_the_partitions_of_its_data():
    assert ran(gather(32, 32))
    assert refusal_of(gather(32, 64)) == (
        "tensor_copy: the index sbuf_4 of sbuf_3.indirect() starts at partition 64; it must start "
        "on a quadrant, a multiple of 32, and where sbuf_3 starts, partition 32"
    )


def test_a_scatter_s_index_lies_on_the_partitions_of_what_is_scattered():
    assert ran(scatter(32, lambda: at(32, 128)))
    assert "partition 32" in refusal_of(scatter(64, lambda: at(32, 128)))


def test_a_scatter_from_psum_lies_beside_the_index_that_gathers_there():
    def data(index):
        return in_psum(at(0, 128)).indirect(at(index, 8192, (32, 1), "uint16"))

    assert ran(scatter(64, lambda: in_psum(at(0, 128))))
    assert ran(scatter(64, lambda: data(64)))
    assert "partition 32" in refusal_of(scatter(64, lambda: data(32)))


def test_tiles_that_the_compiler_places_have_no_such_rule():
    def call(x):
        nisa.tensor_copy(tile((32, 16), "float32"), x.indirect(at(64, 0, (32, 1), "uint16")))

    assert ran(call)


@pytest.mark.parametrize("indices", [(None, None, None), (0, None, 0), (0, 1, 0), (0, 0, 0)])
def test_packed_data_and_scales_go_by_one_index(indices):
    assert ran(both(*indices))


@pytest.mark.parametrize("indices", [(0, None, None), (None, None, 0), (0, 0, 1)])
def test_packed_data_and_scales_by_other_indices_are_refused(indices):
    said = "must both be .indirect() views with the same index, or neither"
    assert refusal_of(both(*indices)).endswith(said)
