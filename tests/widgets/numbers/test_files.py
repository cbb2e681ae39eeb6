"""A learner's own matrix: data only, refused before it costs, with a sentence."""

import io
import pickle

import numpy as np
import pytest

from widgets.numbers.files import MAX_BYTES, MAX_VALUES, checked, matrix_of
from widgets.numbers.matrices import MOST_WEIGHTS, with_weights


def npy(array, **options):
    stream = io.BytesIO()
    np.save(stream, array, **options)
    return stream.getvalue()


def header(text):
    """A .npy file that is only a header."""
    body = text.encode().ljust(117) + b"\n"
    return b"\x93NUMPY\x01\x00" + len(body).to_bytes(2, "little") + body


MATRIX = np.arange(12, dtype=np.float64).reshape(3, 4) - 5


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64, np.int8, np.int64])
@pytest.mark.parametrize("order", ["C", "F"])
def test_a_npy_file_is_its_array(dtype, order):
    found = matrix_of("m.npy", npy(np.array(MATRIX, dtype, order=order)))
    assert found.dtype == np.float32 and np.array_equal(found, MATRIX)


@pytest.mark.parametrize("mark", [",", ";", "\t"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_table_of_numbers_is_its_rows(mark, end):
    text = end.join(mark.join(f"{value:g}" for value in row) for row in MATRIX) + end * 2
    assert np.array_equal(matrix_of("m.csv", text.encode()), MATRIX)


def test_a_table_as_numpy_writes_it_is_its_rows():
    file = io.BytesIO()
    np.savetxt(file, MATRIX)
    assert np.array_equal(matrix_of("m.txt", file.getvalue()), MATRIX)


def test_more_axes_become_rows():
    assert matrix_of("m.npy", npy(np.ones((2, 3, 4)))).shape == (6, 4)


@pytest.mark.parametrize(
    "name, data, sentence",
    [
        ("m.npy", b"", "m.npy is empty: save the matrix with numpy.save"),
        ("m.csv", b" \n\n", "m.csv is empty"),
        ("m.npy", b"1,2\n3,4", "m.npy is no .npy file"),
        ("m.csv", b"a,b\n1,2", "m.csv: row 1, column 1 is 'a', not a number. Leave headings out."),
        ("m.csv", b"1,2\n3,", "m.csv: row 2, column 2 is 'empty', not a number"),
        ("m.csv", b"1,2\n3", "rows have 1 to 2 values; all must have the same"),
        ("m.csv", b"1,nan", "m.csv: row 1, column 2 is NaN. Replace it"),
        ("m.csv", b"1,2\n1e300,1", "row 2, column 1 is 1e+300, too large for float32"),
        ("m.csv", b"1\n2", "m.csv has shape [2, 1]: give rows of 2 or more values"),
        ("m.csv", b"0,0", "m.csv holds nothing but zeros"),
        ("m.csv", b"\xff\xfe\x00", "m.csv is neither .npy nor text"),
        ("m.npy", npy(MATRIX)[:-8], "m.npy ends before its 12 values do"),
        ("m.npy", npy(MATRIX.astype(str)), "m.npy holds <U32, and only numbers are read"),
        ("m.npy", npy(MATRIX > 0), "m.npy holds bool, and only numbers are read"),
        ("m.npy", npy(MATRIX + 1j), "m.npy holds complex128"),
        ("m.npy", npy(np.full((2, 2), np.inf)), "row 1, column 1 is inf, too large"),
        ("m.npy", npy(np.zeros((0, 4))), "m.npy has shape [0, 4]"),
        ("m.npy", b"\x93NUMPY\x01\x00\xff\xff{", "m.npy: its .npy header cannot be read"),
        ("m.npy", b"\x93NUMPY\x09\x00", "m.npy: its .npy header cannot be read"),
        ("m.npy", header("__import__('os').system('x')"), "its .npy header cannot be read"),
        ("x" * 500, b"", "x is empty"),
    ],
)
def test_what_is_no_matrix_of_numbers_is_refused_with_a_sentence(name, data, sentence):
    with pytest.raises(ValueError) as refused:
        matrix_of(name, data)
    assert sentence in str(refused.value) and len(str(refused.value)) < 250


class Trap:
    def __reduce__(self):
        return (pytest.fail, ("a pickle was opened",))


@pytest.mark.parametrize(
    "data",
    [npy(np.array([Trap()], object), allow_pickle=True), pickle.dumps(Trap()), pickle.dumps([1.0])],
)
def test_a_pickle_is_never_opened(data):
    with pytest.raises(ValueError, match="Python objects|neither .npy nor text|is no .npy file"):
        matrix_of("m.npy" if data.startswith(b"\x93") else "m.csv", data)


def test_ten_gigabytes_are_refused_by_what_the_header_says():
    data = header("{'descr': '<f4', 'fortran_order': False, 'shape': (50000, 50000), }")
    with pytest.raises(ValueError, match=r"says that it holds 2,500,000,000 values \(10 GB\)"):
        matrix_of("m.npy", data)


def test_ten_gigabytes_in_a_cell_are_refused_before_they_are_touched():
    huge = np.broadcast_to(np.float32(1), (50_000, 50_000))
    with pytest.raises(
        ValueError, match=r"has 2,500,000,000 values \(10.0 GB\); at most 1,000,000"
    ):
        checked(huge)


def test_a_large_file_is_refused():
    with pytest.raises(ValueError, match=f"has 4,000,001 bytes, and at most {MAX_BYTES:,}"):
        matrix_of("m.csv", b"1" * (MAX_BYTES + 1))


def test_the_largest_matrix_is_taken():
    assert checked(np.ones(MAX_VALUES, np.float32).reshape(1000, -1)).shape == (1000, 1000)


@pytest.mark.parametrize("given", [None, "text", [], 3.0, [["a", "b"]], object()])
def test_what_is_no_array_is_refused(given):
    with pytest.raises(ValueError):
        checked(given)


def test_many_short_rows_are_refused_before_their_blocks_are_filled():
    rows = np.ones((62_501, 8), np.float32)
    with pytest.raises(ValueError, match="rows of 8 values.*at most 62,500 such rows"):
        checked(rows)
    assert checked(rows[1:]).shape == (62_500, 8)


def test_a_wide_matrix_is_multiplied_by_fewer_columns():
    for shape in ((1, 1_000_000), (4, 2_000), (30, 40)):
        pair = with_weights(np.ones(shape, np.float32), "")
        assert pair.w.shape[0] == shape[1] and 1 <= pair.w.shape[1] <= 256
        assert pair.w.size <= max(MOST_WEIGHTS, shape[1])
