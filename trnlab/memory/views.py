"""The view methods of a tensor. None of them copies.

On chip dimension 0 is the partition dimension: it stays first and whole but for slicing. Of a view
that gathers rows, dimension 0 is the gathered one and stays too.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any, cast

from trnlab.errors import KernelError
from trnlab.memory.dynamic import TENSOR_GROUP, Indirect, held_offsets
from trnlab.memory.indexing import DynamicSlice
from trnlab.memory.layout import completed, is_dense, regroup
from trnlab.memory.pattern import access, check_index
from trnlab.memory.register import Register
from trnlab.numerics import dtype_name, format_of

if TYPE_CHECKING:
    from trnlab.memory.tensor import Tensor

Names = Sequence[Any]  # of dimensions: strings, or tuples of strings that are merged


class Views:
    """View methods, mixed into Tensor."""

    __slots__ = ()

    # ---- explicit patterns

    def ap(
        self,
        pattern: Sequence[Sequence[int]],
        offset: int | None = None,
        scalar_offset: Any = None,
        vector_offset: Any = None,
        indirect_dim: int = 0,
        dtype: Any = None,
    ) -> Tensor:
        """An explicit access pattern over the storage, whatever the shape of this view.

        Args:
            pattern: [[stride, count], ...]; strides count elements of `dtype`, 0 repeats
            offset: elements of `dtype`, added to the view's own
            scalar_offset: register or 1 x 1 tile: a run-time index along `indirect_dim`
            vector_offset: (P, 1) tile: a run-time index for every row; HBM only
            indirect_dim: dimension of this view whose stride scales the index
            dtype: read the bytes as this dtype
        Raises:
            KernelError: no engine can walk the pattern; when used: it leaves the storage
        Source: nki.language.NkiTensor.ap
        """
        self = _tensor(self)
        name, shape, strides, start, path = access(
            self, pattern, offset, scalar_offset, vector_offset, indirect_dim, dtype
        )
        return self.seen(name, shape, strides, start, path)

    def get_pattern(self) -> list[list[int]]:
        """[[stride, count], ...] of the view."""
        self = _tensor(self)
        return [[step, size] for step, size in zip(self.strides, self.shape, strict=True)]

    def is_contiguous(self) -> bool:
        """Row-major without gaps; on chip within a partition."""
        self = _tensor(self)
        first = 1 if self.on_chip else 0
        return is_dense(self.shape[first:], self.strides[first:])

    def is_indirect(self) -> bool:
        """Addressed at run time."""
        return _tensor(self).path is not None

    # ---- dimensions

    def reshape(self, shape: int | Sequence[int], *more: int) -> Tensor:
        """Same elements under another shape.

        Args:
            shape: all sizes in a list, or the first one with `more` after it
        Raises:
            KernelError: another element count, another partition count on chip, or a layout that
                no strides can express
        """
        self = _tensor(self)
        first = (shape,) if hasattr(shape, "__index__") else shape
        given = tuple(int(size) for size in (*first, *more))
        sizes = completed(given, self.size)
        if sizes is None:
            raise KernelError(
                f"reshape: {list(self.shape)} has {self.size} elements, {list(given)} does not "
                "have the same number"
            )
        keep = 1 if self.on_chip or self.gathers_rows else 0
        if keep and sizes[0] != self.shape[0]:
            raise KernelError(
                f"reshape: {list(self.shape)} to {list(sizes)} changes the partition dimension; "
                f"keep dimension 0 at {self.shape[0]} and reshape the free dimensions"
            )
        if keep and len(sizes) == 1:
            sizes = (*sizes, 1)
        strides = regroup(self.shape[keep:], self.strides[keep:], sizes[keep:])
        if strides is None:
            raise KernelError(
                f"reshape: the view {list(self.shape)} of {self.name} is not contiguous; "
                "copy it into a tile of its own first"
            )
        return self.seen(self.dtype, sizes, self.strides[:keep] + strides, self.offset, self.path)

    def reshape_dim(self, dim: int, shape: Sequence[int]) -> Tensor:
        """Split one dimension; one size may be -1."""
        self = _tensor(self)
        dim = _axis(self, "reshape_dim", dim)
        sizes = completed([int(size) for size in shape], self.shape[dim])
        if sizes is None:
            raise KernelError(
                f"reshape_dim: dimension {dim} of {list(self.shape)} does not split into "
                f"{list(shape)}"
            )
        if len(sizes) > 1:
            _keep_first(self, "reshape_dim", dim)
        step = self.strides[dim]
        strides: list[int] = []
        for size in reversed(sizes):
            strides.insert(0, step)
            step *= size
        return self._replaced(dim, dim + 1, sizes, tuple(strides))

    def flatten_dims(self, start_dim: int, end_dim: int) -> Tensor:
        """Merge dimensions start_dim to end_dim, both included."""
        self = _tensor(self)
        first = _axis(self, "flatten_dims", start_dim)
        last = _axis(self, "flatten_dims", end_dim)
        if last < first:
            raise KernelError(f"flatten_dims: {start_dim} to {end_dim} is not a run of dimensions")
        if last > first:
            _keep_first(self, "flatten_dims", first)
        sizes = self.shape[first : last + 1]
        strides = regroup(sizes, self.strides[first : last + 1], (math.prod(sizes),))
        if strides is None:
            raise KernelError(
                f"flatten_dims: dimensions {first} to {last} of {list(self.shape)} of {self.name} "
                "do not lie next to each other; copy it into a tile of its own first"
            )
        return self._replaced(first, last + 1, (math.prod(sizes),), strides)

    def permute(self, dims: Sequence[int]) -> Tensor:
        """Dimensions in another order; dimension 0 stays first on chip."""
        self = _tensor(self)
        order = [_axis(self, "permute", dim) for dim in dims]
        if sorted(order) != list(range(self.ndim)):
            raise KernelError(f"permute: {list(dims)} is no order of {self.ndim} dimensions")
        if order[0] != 0:
            _keep_first(self, "permute", 0)
        return self.seen(
            self.dtype,
            tuple(self.shape[dim] for dim in order),
            tuple(self.strides[dim] for dim in order),
            self.offset,
            self.path,
        )

    def rearrange(
        self, src_pattern: Names, dst_pattern: Names, fixed_sizes: dict[str, int] | None = None
    ) -> Tensor:
        """Split, reorder and merge by names: `t.rearrange(("p", ("h", "w")), ("p", "w", "h"))`.

        Args:
            src_pattern: one name, or a tuple of names to split into, for each dimension
            dst_pattern: the same names in the wanted order, tuples are merged
            fixed_sizes: sizes of names; one of each split may be left out
        """
        self = _tensor(self)
        if len(src_pattern) != self.ndim:
            raise KernelError(
                f"rearrange: {src_pattern} names {len(src_pattern)} dimensions, "
                f"{list(self.shape)} has {self.ndim}"
            )
        sizes = fixed_sizes or {}
        view: Tensor = self
        at = 0
        for group in src_pattern:
            names = _names(group)
            split = [sizes.get(name, -1) for name in names]
            view = view.reshape_dim(at, split) if len(names) > 1 else view
            at += len(names)
        source = [name for group in src_pattern for name in _names(group)]
        wanted = [name for group in dst_pattern for name in _names(group)]
        if sorted(source) != sorted(wanted) or len(set(source)) != len(source):
            raise KernelError(f"rearrange: {src_pattern} and {dst_pattern} differ in their names")
        view = view.permute([source.index(name) for name in wanted])
        for at, group in enumerate(dst_pattern):
            view = view.flatten_dims(at, at + len(_names(group)) - 1)
        return view

    def expand_dim(self, dim: int) -> Tensor:
        """A new dimension of size 1 before `dim`."""
        self = _tensor(self)
        dim = dim + self.ndim + 1 if dim < 0 else dim
        if not 0 <= dim <= self.ndim:
            raise KernelError(f"expand_dim: {dim} is no place in {list(self.shape)}")
        _keep_first(self, "expand_dim", dim)
        step = self.shape[dim] * self.strides[dim] if dim < self.ndim else 1
        return self._replaced(dim, dim, (1,), (step,))

    def squeeze_dim(self, dim: int) -> Tensor:
        """Without dimension `dim`, which has size 1."""
        self = _tensor(self)
        dim = _axis(self, "squeeze_dim", dim)
        _keep_first(self, "squeeze_dim", dim)
        if self.shape[dim] != 1:
            raise KernelError(
                f"squeeze_dim: dimension {dim} of {list(self.shape)} has size {self.shape[dim]}, "
                "not 1"
            )
        return self._replaced(dim, dim + 1, (), ())

    def broadcast(self, dim: int, size: int) -> Tensor:
        """A dimension of size 1 repeated `size` times, by stride 0."""
        self = _tensor(self)
        dim = _axis(self, "broadcast", dim)
        if self.shape[dim] != 1:
            raise KernelError(
                f"broadcast: dimension {dim} of {list(self.shape)} has size {self.shape[dim]}, "
                "not 1"
            )
        if self.on_chip and dim == 0 and size != 1:
            raise KernelError(
                f"broadcast: dimension 0 of {self.name} is the partition dimension; each partition "
                "has memory of its own, so copy with a DMA, a matmul or nl.broadcast_to"
            )
        return self._replaced(dim, dim + 1, (int(size),), (0,))

    # ---- parts

    def slice(self, dim: int, start: int, end: int, step: int = 1) -> Tensor:
        """Elements start to end (excluded) of one dimension."""
        self = _tensor(self)
        dim = _axis(self, "slice", dim)
        if not 0 <= start < end <= self.shape[dim] or step < 1:
            raise KernelError(
                f"slice: {start} to {end} by {step} on dimension {dim} of {list(self.shape)}; "
                f"0 <= start < end <= {self.shape[dim]} and step >= 1 must hold"
            )
        return self._part(dim, slice(int(start), int(end), int(step)))

    def select(self, dim: int, index: int | Register | Tensor) -> Tensor:
        """One index of a dimension, which is dropped; registers and tiles are looked up later."""
        self = _tensor(self)
        dim = _axis(self, "select", dim)
        if isinstance(index, Register) or hasattr(index, "storage"):
            check_index("scalar_offset", index, 1)
            if self.path is not None:
                raise KernelError(
                    f"select: {self.name} is addressed at run time already; a view takes one"
                )
            view = self._part(dim, DynamicSlice(index, 1))
        else:
            view = self._part(dim, DynamicSlice(_position(self, dim, index), 1))
        if self.on_chip and dim == 0:
            return view
        return view._replaced(dim, dim + 1, (), ()) if view.ndim > 1 else view

    def vector_select(self, dim: int, vector_offset: Any) -> Tensor:
        """Row p of the result is row vector_offset[p]; HBM and dimension 0 only."""
        self = _tensor(self)
        if dim != 0 or self.on_chip:
            raise KernelError(
                f"vector_select: dimension {dim} of {self.name} in {self.storage.memory.upper()}; "
                "it gathers along dimension 0 of a tensor in HBM"
            )
        if self.path is not None:
            raise KernelError(
                f"vector_select: {self.name} is addressed at run time already; a view takes one"
            )
        check_index("vector_offset", vector_offset, 1)
        path = Indirect("rows", vector_offset, self.strides[0], self.shape[0])
        shape = (vector_offset.size, *self.shape[1:])
        return self.seen(self.dtype, shape, self.strides, self.offset, path)

    def indirect(self, index: Any, num_elem: int | None = None) -> Tensor:
        """Tensor indirection: free offset i of a group of 16 partitions is index[i % 16, i // 16].

        For the Tensor engine the groups are of 32 partitions.

        Args:
            index: [P, K] of whole numbers in SBUF
            num_elem: offsets used; default all that a group of 16 partitions holds
        Returns:
            [P, num_elem], to read (gather) or to write (scatter)
        """
        self = _tensor(self)
        if not self.on_chip or self.path is not None:
            raise KernelError(
                f"indirect: {self.name} should be an SBUF or PSUM view that is not addressed at "
                "run time already"
            )
        check_index("index", index, 1)
        count = held_offsets(index) if num_elem is None else int(num_elem)
        most = held_offsets(index, TENSOR_GROUP)
        if index.shape[0] != self.shape[0] or not 1 <= count <= most:
            raise KernelError(
                f"indirect: index {list(index.shape)} for {count} elements of {self.name} "
                f"{list(self.shape)}; it needs {self.shape[0]} partitions and at least "
                f"{-(-count // 16)} columns"
            )
        flat = self.reshape((self.shape[0], -1))
        path = Indirect("columns", index, flat.strides[1], flat.shape[1])
        return self.seen(self.dtype, (self.shape[0], count), flat.strides, self.offset, path)

    # ---- bytes

    def view(self, dtype: Any) -> Tensor:
        """The same bytes as another dtype; the last dimension scales."""
        self = _tensor(self)
        name = dtype_name(dtype)
        if self.path is not None:
            raise KernelError(
                f"view: {self.name} is addressed at run time already; reinterpret it before its "
                "index is chosen"
            )
        old, new = format_of(self.dtype).itemsize, format_of(name).itemsize
        if old == new:
            return self.seen(name, self.shape, self.strides, self.offset, None)
        shape, strides = self.shape, self.strides
        lengths = (*strides[:-1], self.offset, shape[-1])
        fits = all(length * old % new == 0 for length in lengths)
        if strides[-1] != 1 or not fits:
            raise KernelError(
                f"view: {list(shape)} {self.dtype} of {self.name} as {name}; the last dimension "
                f"must lie in one piece, and its bytes must divide by {new}"
            )
        scaled = tuple(length * old // new for length in lengths)
        return self.seen(name, (*shape[:-1], scaled[-1]), (*scaled[:-2], 1), scaled[-2], None)

    reinterpret_cast = view


def _tensor(view: Views) -> Tensor:
    return cast("Tensor", view)


def _axis(tensor: Tensor, name: str, dim: int) -> int:
    if not -tensor.ndim <= dim < tensor.ndim:
        raise KernelError(f"{name}: dimension {dim} of {list(tensor.shape)} does not exist")
    return dim % tensor.ndim


def _keep_first(tensor: Tensor, name: str, dim: int) -> None:
    if dim == 0 and (tensor.on_chip or tensor.gathers_rows):
        what = "is the partition dimension" if tensor.on_chip else "is gathered"
        raise KernelError(
            f"{name}: dimension 0 of {tensor.name} {list(tensor.shape)} {what} and must stay"
        )


def _position(tensor: Tensor, dim: int, index: Any) -> int:
    at = int(index)
    if not 0 <= at < tensor.shape[dim]:
        raise KernelError(
            f"select: {at} on dimension {dim} of {list(tensor.shape)} of {tensor.name}, which has "
            f"size {tensor.shape[dim]}"
        )
    return at


def _names(group: Any) -> tuple[str, ...]:
    return (group,) if isinstance(group, str) else tuple(group)
