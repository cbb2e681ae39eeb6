"""Collectives whose counts are known only at run time, from a table of metadata.

The tensors are flat buffers of elements. Rows of the table, one column for each rank of the group:
send counts, send displacements, receive counts (an output), receive displacements.
"""

from typing import Any

import numpy as np

from trnlab.errors import KernelError
from trnlab.isa.requirements import require_priority
from trnlab.memory import Tensor
from trnlab.nki.collectives.exchange import (
    Offers,
    exchange,
    nbytes,
    own_group,
    require_hbm,
    tensors,
)
from trnlab.nki.instruction_handle import NkiInstruction
from trnlab.nki.launch import current

GATHER_RANKS = 4  # of a group, the ranks of one chip under LNC 2


def all_gather_v(
    srcs: Any,
    dsts: Any,
    replica_group: Any,
    metadata_tensor: Tensor,
    recv_counts_known: bool = False,
    has_rdispls: bool = False,
    priority: int | None = None,
    name: str | None = None,
) -> NkiInstruction:
    """Each rank's chunk of src goes to every rank; chunk s lands at slot s of dst.

    Args:
        metadata_tensor: uint32 [3, ranks]; column 0 of rows 0 and 1 says what this rank sends
        recv_counts_known: leave row 2 alone; else it gets the received counts
    Source: nki.collectives.all_gather_v
    """
    require_priority(current().core, "all_gather_v", priority)
    what = "all_gather_v"
    if has_rdispls:
        raise KernelError(f"{what}: has_rdispls=True is not supported by NKI 0.6")
    ranks = own_group(what, replica_group)
    lnc = current().team.cores
    if lnc != 2 or len(ranks) != GATHER_RANKS:
        raise KernelError(
            f"{what}: {len(ranks)} ranks with LNC {lnc}; it takes {GATHER_RANKS} ranks with LNC 2"
        )
    return _variable(
        what,
        ranks,
        srcs,
        dsts,
        metadata_tensor,
        recv_counts_known,
        False,
        name,
        lambda table, _target: (int(table[0, 0]), int(table[1, 0])),
    )


def all_to_all_v(
    srcs: Any,
    dsts: Any,
    replica_group: Any,
    metadata_tensor: Tensor,
    recv_counts_known: bool = False,
    has_rdispls: bool = False,
    priority: int | None = None,
    name: str | None = None,
) -> NkiInstruction:
    """Each rank sends a chunk of its own size to every other one.

    Args:
        metadata_tensor: uint32 [3 or 4, ranks]: send counts, send displacements, receive counts
            (an output), receive displacements
        recv_counts_known: leave row 2 alone; else it gets the received counts
        has_rdispls: row 3 says where chunks land; else at equal slots of dst
    Source: nki.collectives.all_to_all_v
    """
    require_priority(current().core, "all_to_all_v", priority)
    ranks = own_group("all_to_all_v", replica_group)
    return _variable(
        "all_to_all_v",
        ranks,
        srcs,
        dsts,
        metadata_tensor,
        recv_counts_known,
        has_rdispls,
        name,
        lambda table, target: (int(table[0, target]), int(table[1, target])),
    )


def _variable(
    what: str,
    ranks: list[int],
    srcs: Any,
    dsts: Any,
    metadata: Tensor,
    counts_known: bool,
    has_rdispls: bool,
    name: str | None,
    sent: Any,
) -> NkiInstruction:
    """The exchange both have in common; `sent(table, target)` is count and displacement."""
    srcs, dsts = tensors(what, srcs, dsts)
    if len(srcs) != 1:
        raise KernelError(f"{what}: {len(srcs)} tensors; it moves exactly one at a time")
    require_hbm(what, srcs[0], dsts[0])
    n = len(ranks)
    _check_metadata(what, metadata, 4 if has_rdispls else 3, n)
    src, dst = srcs[0], dsts[0]
    if src.dtype != dst.dtype:
        raise KernelError(f"{what}: src is {src.dtype} and dst is {dst.dtype}; both must agree")
    values: tuple[Any, ...] = ()
    if current().has_values:
        values = (metadata.array.reshape(-1, n).copy(), dst.array.reshape(-1).copy())

    def combine(offers: Offers, me: int) -> list[np.ndarray | None]:
        table, result = (part.copy() for part in offers[me][1:])
        slot = result.size // n
        for source, (arrays, theirs, _) in enumerate(offers):
            count, start = sent(theirs, me)
            chunk = arrays[0].reshape(-1)[start : start + count]
            at = int(table[3, source]) if has_rdispls else source * slot
            if chunk.size != count or at + count > result.size:
                raise KernelError(
                    f"{what}: rank {ranks[source]} sends {count} elements from {start} of "
                    f"{arrays[0].size} to {at} of {result.size} on rank {ranks[me]}; the chunk "
                    "must lie within both"
                )
            result[at : at + count] = chunk
            table[2, source] = count
        return [result.reshape(dst.shape), None if counts_known else table.reshape(metadata.shape)]

    return exchange(
        what, ranks, [src], [dst], combine, 1, nbytes([src]), name, [dst, metadata], values
    )


def _check_metadata(what: str, metadata: Tensor, rows: int, ranks: int) -> None:
    shape = metadata.shape[1:] if metadata.storage.memory == "sbuf" else metadata.shape
    if metadata.dtype != "uint32" or shape != (rows, ranks):
        raise KernelError(
            f"{what}: metadata_tensor {list(metadata.shape)} {metadata.dtype} should be uint32 "
            f"[{rows}, {ranks}], in SBUF [1, {rows}, {ranks}]"
        )
