"""What instructions of the DMA engines refuse, each with its full sentence."""

import pytest

import trnlab.nki.isa as nisa
import trnlab.nki.language as nl
from tests.conformance.refusals.refused import refusal_of, zeros
from tests.isa.harness import in_psum, like, tile


def gather_transpose(dtype, shape, rows=16, **options):
    """dma_transpose of rows that a tile of indices chooses."""

    def call(x):
        src = nl.ndarray((64, 32), "bfloat16", nl.shared_hbm)
        for first in (0, 32):
            nisa.dma_copy(src[first : first + 32], zeros((32, 32), "bfloat16"))
        index = zeros(shape, dtype)
        view = src.ap([[32, rows], [1, 32]], vector_offset=index, indirect_dim=0)
        nisa.dma_transpose(tile((32, rows), "bfloat16"), view, **options)

    return call


def transposed(**options):
    """dma_transpose of a tile."""
    return lambda x: nisa.dma_transpose(
        tile((32, 16), "bfloat16"), zeros((16, 32), "bfloat16"), **options
    )


def rows_of(x, scalar=None):
    """32 rows in HBM: those that a tile of indices chooses, or from one that a register holds."""
    rows = nl.ndarray((64, 16), "float32", nl.hbm, name="rows")
    for first in (0, 32):
        nisa.dma_copy(rows[first : first + 32], x)
    pattern = [[16, 32], [1, 16]]
    if scalar is not None:
        return rows.ap(pattern, scalar_offset=nisa.register_alloc(scalar))
    return rows.ap(pattern, vector_offset=zeros((32, 1), "uint32"))


REFUSED = {
    "dma_transpose direct swdge": (
        "trn3",
        transposed(dge_mode=nisa.dge_mode.swdge),
        "dma_transpose: dge_mode.swdge; allowed are unknown, none, hwdge, and to gather "
        "unknown and swdge",
    ),
    "dma_transpose direct oob skip": (
        "trn3",
        transposed(oob_mode=nisa.oob_mode.skip),
        (
            "dma_transpose: oob_mode.skip, but src has no run-time index that could be out of "
            "range; leave oob_mode out"
        ),
    ),
    "dma_transpose gather int32 idx": (
        "trn3",
        gather_transpose("int32", (16, 1)),
        (
            "dma_transpose: vector_offset sbuf_5 [16, 1] int32 for src [16, 32]; it must be "
            "uint32 [P, n] in SBUF with at least 16 indices, P a multiple of 16 up to 128, and "
            "128 if n > 1"
        ),
    ),
    "dma_transpose gather idx [8,2]": (
        "trn3",
        gather_transpose("uint32", (8, 2)),
        (
            "dma_transpose: vector_offset sbuf_5 [8, 2] uint32 for src [16, 32]; it must be "
            "uint32 [P, n] in SBUF with at least 16 indices, P a multiple of 16 up to 128, and "
            "128 if n > 1"
        ),
    ),
    "dma_transpose gather idx [32,2]": (
        "trn3",
        gather_transpose("uint32", (32, 2), 64),
        (
            "dma_transpose: vector_offset sbuf_5 [32, 2] uint32 for src [64, 32]; it must be "
            "uint32 [P, n] in SBUF with at least 64 indices, P a multiple of 16 up to 128, and "
            "128 if n > 1"
        ),
    ),
    "dma_transpose gather hwdge": (
        "trn3",
        gather_transpose("uint32", (16, 1), dge_mode=nisa.dge_mode.hwdge),
        (
            "dma_transpose: a vector_offset with dge_mode.hwdge; only dge_mode.swdge gathers and "
            "scatters, leave dge_mode out"
        ),
    ),
    "dma_transpose gather 1D idx of 3-D": (
        "trn3",
        gather_transpose("uint32", (16, 1, 1)),
        (
            "dma_transpose: vector_offset sbuf_5 [16, 1, 1] uint32 for src [16, 32]; it must be "
            "uint32 [P, n] in SBUF with at least 16 indices, P a multiple of 16 up to 128, and "
            "128 if n > 1"
        ),
    ),
    "dma_copy psum": (
        "trn3",
        lambda x: nisa.dma_copy(like(x), in_psum(x)),
        ("dma_copy: src is in PSUM, allowed is HBM or SBUF; copy it with nisa.tensor_copy first"),
    ),
    "dma_copy hwdge cast": (
        "trn3",
        lambda x: nisa.dma_copy(tile((32, 16), "bfloat16"), x, dge_mode=nisa.dge_mode.hwdge),
        (
            "dma_copy with dge_mode.hwdge: src is float32 and dst is bfloat16; it does not cast, "
            "so both must be the same"
        ),
    ),
    "dma_copy engine without hwdge": (
        "trn3",
        lambda x: nisa.dma_copy(like(x), x, engine=nisa.engine.scalar),
        (
            "dma_copy: engine scalar with dge_mode.unknown; an engine can be named for "
            "dge_mode.hwdge only, sync or scalar"
        ),
    ),
    "dma_copy hwdge vector": (
        "trn3",
        lambda x: nisa.dma_copy(
            like(x), x, dge_mode=nisa.dge_mode.hwdge, engine=nisa.engine.vector
        ),
        (
            "dma_copy: engine vector with dge_mode.hwdge; an engine can be named for "
            "dge_mode.hwdge only, sync or scalar"
        ),
    ),
    "dma_copy priority 4": (
        "trn3",
        lambda x: nisa.dma_copy(like(x), x, priority=4),
        ("dma_copy: priority 4, allowed is 0 (first) to 3"),
    ),
    "dma_compute 17": (
        "trn3",
        lambda x: nisa.dma_compute(like(x), [x] * 17, nl.add),
        ("dma_compute: 17 sources, allowed are 1 to 16; add them in steps"),
    ),
    "dma_compute mult": (
        "trn3",
        lambda x: nisa.dma_compute(like(x), [x, x], nl.multiply),
        ("dma_compute: reduce_op multiply; DMA engines add only, use nl.add"),
    ),
    "dma_compute scale 2": (
        "trn3",
        lambda x: nisa.dma_compute(like(x), [x, x], nl.add, scales=[1.0, 2.0]),
        ("dma_compute: scales must all be 1.0; scale with nisa.tensor_scalar"),
    ),
    "dma_compute scale missing": (
        "trn3",
        lambda x: nisa.dma_compute(like(x), [x, x], nl.add, scales=[1.0]),
        ("dma_compute: 1 scales for 2 sources; give one for each, or leave scales out"),
    ),
    "dma_compute register": (
        "trn3",
        lambda x: nisa.dma_compute(like(x), [x, rows_of(x, scalar=0)], nl.add),
        (
            "dma_compute: an operand has a scalar_offset or a register in its index; addresses "
            "must be known before the run, but for a vector_offset: copy it with nisa.dma_copy "
            "first"
        ),
    ),
    "dma_compute scatter elsewhere": (
        "trn3",
        lambda x: nisa.dma_compute(rows_of(x), [x, x], nl.add),
        (
            "dma_compute: with vector_offset one source must be dst itself, rows in the same "
            "place and by the same index; it is what the rows are added to"
        ),
    ),
    "dma_compute gather elsewhere": (
        "trn3",
        lambda x: nisa.dma_compute(like(x), [x, rows_of(x)], nl.add),
        (
            "dma_compute: with vector_offset one source must be dst itself, sbuf_2 in the "
            "same place and by the same index; it is what the rows are added to"
        ),
    ),
    "dma_compute empty": (
        "trn3",
        lambda x: nisa.dma_compute(like(x), [], nl.add),
        ("dma_compute: 0 sources, allowed are 1 to 16; add them in steps"),
    ),
}


@pytest.mark.parametrize("case", REFUSED)
def test_the_sentence_names_operation_what_was_asked_and_what_is_allowed(case):
    chip, call, said = REFUSED[case]
    assert refusal_of(call, chip) == said
