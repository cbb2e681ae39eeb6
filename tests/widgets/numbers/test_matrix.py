"""A matrix: errors against what the formats do by themselves, taming, files of a learner's own."""

import io

import numpy as np
import pytest

from tests.widgets.numbers.harness import change, opened, tell
from trnlab.data import digits, digits_mlp, pixels
from trnlab.numerics.blocks import dequantize_block, quantize_block
from trnlab.numerics.formats import number_format
from widgets.numbers import lesson
from widgets.numbers.matrices import MATRICES, OUTLIER_CHANNELS, pair
from widgets.numbers.matrix import TAMES, Matrix, tamed
from widgets.numbers.storages import STORAGES


@pytest.fixture(scope="module")
def shared():
    return Matrix()


@pytest.fixture
def matrix(shared):
    if shared.problem or shared.params != shared.first:
        shared.show(dict(shared.first))
    return shared


def row(matrix, name):
    return next(row for row in matrix.scene["rows"] if row["name"] == name)


def decibel(exact, kept):
    exact, kept = np.asarray(exact, np.float64), np.asarray(kept, np.float64)
    noise = np.square(kept - exact).sum()
    return 10 * np.log10(np.square(exact).sum() / noise) if noise else np.inf


def by_blocks(values, name):
    """MX along the last axis, one block at a time."""
    storage = STORAGES[name]
    format = number_format(storage.format)
    flat = np.asarray(values, np.float32).reshape(-1, 32).tolist()
    kept = [quantize_block(block, format, storage.exponent_offset) for block in flat]
    return np.array([dequantize_block(block, format) for block in kept]).reshape(values.shape)


@pytest.mark.parametrize("name", ["mxfp8", "mxfp8-ocp", "mxfp8-e5m2", "mxfp4"])
def test_mx_errors_are_those_of_the_specification(matrix, name):
    x, w, _ = pair("outliers")
    kept, weights = by_blocks(x, name), by_blocks(w.T, name).T
    assert row(matrix, name)["db"] == pytest.approx(decibel(x, kept), rel=1e-9)
    product = decibel(x.astype(float) @ w.astype(float), kept @ weights)
    assert row(matrix, name)["product_db"] == pytest.approx(product, abs=0.01)


def test_int8_with_row_scales_is_a_step_for_each_row(matrix):
    x, w, _ = pair("outliers")

    def stepped(values, axis):
        step = np.abs(values).max(axis=axis, keepdims=True) / np.float32(127)
        return np.rint(values / step) * step

    kept, weights = stepped(x, 1), stepped(w, 0)
    assert row(matrix, "int8-row")["db"] == pytest.approx(decibel(x, kept), abs=0.01)
    product = decibel(x.astype(float) @ w.astype(float), kept.astype(float) @ weights)
    assert row(matrix, "int8-row")["product_db"] == pytest.approx(product, abs=0.01)


def test_bits_count_the_scales(matrix):
    bits = {name: row(matrix, name)["bits"] for name in STORAGES}
    assert bits["bf16"] == 16 and bits["mxfp8"] == 8.25 and bits["mxfp4"] == 4.25
    assert bits["int8-row"] == 8 + 32 * 256 / 256**2


def test_integers_are_marked_and_never_recommended(matrix):
    assert row(matrix, "int8-row")["element"] == "INT8*"
    best = max((r for r in matrix.scene["rows"] if r["bits"] < 9), key=lambda r: r["product_db"])
    assert best["name"] == "int8-row"
    assert "multiplies: FP8 E4M3 (row)" in matrix.scene["summary"]


@pytest.mark.parametrize("tame", TAMES)
@pytest.mark.parametrize("data", MATRICES)
def test_taming_leaves_the_exact_product_as_it_was(data, tame):
    given = pair(data)
    x, w, back = tamed(given, tame)
    exact = given.x.astype(np.float64) @ given.w.astype(np.float64)
    assert decibel(exact, x.astype(np.float64) @ w.astype(np.float64)) > 110
    assert decibel(given.x, back(x)) > 110


def test_rotation_spreads_outliers_and_helps_four_bits(matrix):
    plain = row(matrix, "mxfp4")["product_db"], float(matrix.scene["spread"])
    change(matrix, tame="rotate")
    assert row(matrix, "mxfp4")["product_db"] > plain[0] + 1.5
    assert float(matrix.scene["spread"]) < plain[1] / 4


def test_the_histogram_counts_every_value_that_is_not_zero(matrix):
    x = pair("outliers").x
    found = matrix.scene["histogram"]
    assert sum(found["values"]) == np.count_nonzero(x)
    kept = by_blocks(x, "mxfp4")
    assert sum(found["errors"]) == np.count_nonzero(kept - x)
    assert matrix.scene["vanished"] == f"{100 * ((kept == 0) & (x != 0)).mean():.3g} %"


def test_maps_show_the_blocks_of_the_outlier_channels(matrix):
    maps = matrix.scene["maps"]
    assert (maps["rows"], maps["columns"]) == (64, 64)
    values = np.array([int(c, 16) for c in maps["values"]]).reshape(64, 64)
    errors = np.array([int(c, 16) for c in maps["errors"]]).reshape(64, 64)
    loud = sorted({channel // 4 for channel in OUTLIER_CHANNELS})
    assert values[:, loud].mean() > np.delete(values, loud, axis=1).mean() + 3
    blocks = sorted({channel // 32 for channel in OUTLIER_CHANNELS})
    by_block = errors.reshape(64, 8, 8).mean(axis=(0, 2))
    assert min(by_block[blocks]) > max(np.delete(by_block, blocks))


def test_real_matrices_are_the_digits_network():
    net, test = digits_mlp(), digits().test[:256]
    x = pixels(digits().images[test])
    assert np.array_equal(pair("ink").x, x) and np.array_equal(pair("ink").w, net.w1)
    assert np.array_equal(pair("hidden").x, np.maximum(x @ net.w1 + net.b1, 0))


@pytest.mark.parametrize(
    "data, format",
    [*((data, "mxfp8") for data in MATRICES), *(("hidden", format) for format in STORAGES)],
)
def test_every_matrix_and_every_format_is_shown(shared, data, format):
    change(shared, data=data, format=format, tame="none")
    assert shared.problem == "" and shared.scene["chosen"] == format


@pytest.mark.parametrize(
    "params", [{"data": "x"}, {"format": 3}, {"tame": None}, {"data": ["own"]}]
)
def test_what_is_not_on_offer_is_refused(matrix, params):
    before = matrix.scene
    change(matrix, **params)
    assert matrix.problem and matrix.scene == before


def npy(array):
    stream = io.BytesIO()
    np.save(stream, array)
    return stream.getvalue()


def test_a_file_is_shown_and_the_next_one_replaces_it():
    matrix = opened(Matrix())
    for rows in (5, 7):
        tell(matrix, {"kind": "file", "name": "mine.npy"}, (npy(np.eye(rows, 50)),))
        assert matrix.problem == "" and matrix.scene["shape"] == [rows, 50]
        assert matrix.scene["words"].startswith("mine.npy, times normal weights")
        assert all(row["product_db"] is not None for row in matrix.scene["rows"][:2])


@pytest.mark.parametrize("tame", TAMES)
def test_an_odd_shape_can_be_tamed(tame):
    matrix = Matrix({"tame": tame}, own=np.arange(1.0, 36.0).reshape(5, 7))
    assert matrix.problem == "" and matrix.scene["shape"] == [5, 7]


@pytest.mark.parametrize(
    "message, buffers",
    [
        ({"kind": "file", "name": "m.npy"}, ()),
        ({"kind": "file", "name": "m.csv"}, (b"1,nan",)),
        ({"kind": "file", "name": None}, (b"x,y",)),
    ],
)
def test_a_bad_file_is_said_and_the_matrix_stays(matrix, message, buffers):
    before, answers = matrix.scene, matrix.answers
    tell(matrix, message, buffers)
    assert matrix.problem and matrix.scene == before and matrix.answers == answers + 1


@pytest.mark.parametrize("message", [None, "file", 3, {}, {"kind": "other"}])
def test_other_messages_are_ignored(matrix, message):
    before = matrix.scene
    tell(matrix, message)
    assert matrix.problem == "" and matrix.scene == before


def test_a_link_to_somebody_elses_file_says_so():
    matrix = opened(Matrix({"data": "own"}))
    assert matrix.problem.startswith("There is no file of yours here")
    assert matrix.scene["shape"] == [256, 256]


def test_an_array_of_ones_own_stands_in_the_lesson():
    bench = lesson(state={}, array=np.ones((3, 64)))
    assert opened(bench.matrix).scene["shape"] == [3, 64]
    with pytest.raises(ValueError, match="row 1, column 1 is NaN"):
        lesson(state={}, array=np.full((3, 64), np.nan))


def test_it_answers_when_the_page_asks_and_only_once():
    matrix = Matrix({"data": "hidden"}, waits=True)
    assert matrix.scene == {} and matrix.saved() == {"data": "hidden"}
    tell(matrix, {"kind": "ready"})
    assert matrix.scene["shape"] == [256, 128] and matrix.answers == 1
    tell(matrix, {"kind": "ready"})
    assert matrix.answers == 1


def test_a_change_before_the_page_asks_is_not_undone_by_it():
    matrix = Matrix({"data": "hidden"}, waits=True)
    change(matrix, data="weights")
    tell(matrix, {"kind": "ready"})
    assert matrix.scene["shape"] == [128, 64]
