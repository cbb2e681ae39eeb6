"""Whether two patterns share a byte, against sets of bytes."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from trnlab.memory.elements import Elements, meet

dims = st.lists(st.tuples(st.integers(1, 4), st.integers(-9, 9)), min_size=1, max_size=3)


@st.composite
def views(draw):
    shape, strides = zip(*draw(dims), strict=True)
    back = sum((size - 1) * -step for size, step in zip(shape, strides, strict=True) if step < 0)
    rows = draw(st.none() | st.lists(st.integers(0, 6), min_size=1, max_size=4))
    valid = draw(st.lists(st.booleans(), min_size=len(rows), max_size=len(rows))) if rows else None
    return Elements(
        draw(st.sampled_from([1, 2, 4])),
        (len(rows), *shape[1:]) if rows else shape,
        (abs(strides[0]), *strides[1:]) if rows else strides,
        back + draw(st.integers(0, 20)),
        np.array(rows) if rows else None,
        np.array(valid) if rows and draw(st.booleans()) else None,
    )


def touched(view):
    """Every byte, one element after the other."""
    found = set()
    for index in np.ndindex(*view.shape):
        if view.valid is not None and not view.valid[index[0]]:
            continue
        at = list(index)
        if view.rows is not None:
            at[0] = view.rows[at[0]]
        element = view.offset + sum(i * step for i, step in zip(at, view.strides, strict=True))
        found |= set(range(element * view.itemsize, (element + 1) * view.itemsize))
    return found


@settings(max_examples=200, deadline=None, derandomize=True)
@given(views(), views())
def test_views_meet_where_their_sets_of_bytes_do(a, b):
    assert meet(a, b) == meet(b, a) == bool(touched(a) & touched(b))
