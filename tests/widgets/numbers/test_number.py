"""A number: what the page shows of each format is what the scalar specification says."""

import math

import pytest

from tests.widgets.numbers.harness import change
from trnlab.numerics.codes import decode, encode
from trnlab.numerics.formats import NUMBER_FORMATS
from widgets.numbers.number import EXAMPLES, LONGEST, Number, parsed
from widgets.numbers.words import plain

FORMATS = list(NUMBER_FORMATS.values())


@pytest.fixture
def number():
    return Number()


def row(number, name):
    return next(row for row in number.scene["rows"] if row["name"] == name)


@pytest.mark.parametrize("text", [*EXAMPLES, "448.5", "-1e-45", "65519.9", "3e38", "0", "-0.0"])
def test_each_row_is_the_number_rounded_once(number, text):
    change(number, text=text)
    value = parsed(text)
    for format in FORMATS:
        shown = row(number, format.name)
        assert shown["code"] == encode(format, value)
        assert int(shown["bits"], 2) == shown["code"] and len(shown["bits"]) == format.bits
        assert shown["stored"] == plain(decode(format, shown["code"]), 9)


@pytest.mark.parametrize("format", FORMATS, ids=lambda format: format.name)
def test_every_bit_can_be_flipped_and_shows_the_value_it_makes(number, format):
    for bit in range(format.bits):
        code = encode(format, 2.0) ^ (1 << bit)
        change(number, format=format.name, code=code, text="")
        assert number.problem == ""
        assert row(number, format.name)["code"] == code
        value = decode(format, code)
        assert number.scene["value"] == (value if math.isfinite(value) else None)


@pytest.mark.parametrize(
    "text, name, fate, words",
    [
        ("0.5", "float8_e4m3fn", "exact", "exact"),
        ("0.1", "float8_e4m3fn", "rounded", "1.6 % too large"),
        ("448", "float8_e4m3", "overflow", "overflow: it ends at 240"),
        ("464", "float8_e4m3fn", "rounded", "3.4 % too small"),  # half-way to 480, which is NaN
        ("465", "float8_e4m3fn", "overflow", "overflow: it ends at 448"),
        ("8", "float4_e2m1fn", "saturates", "held at the end, 6"),
        ("300", "int8", "saturates", "held at the end, 127"),
        ("1e-6", "float8_e5m2", "underflow", "underflow: the smallest is 1.525879e-5"),
        ("2e-6", "float16", "subnormal", "1.3 % too large, subnormal"),
        ("-3", "float8_e8m0fnu", "special", "a scale has no sign and no zero"),
    ],
)
def test_what_becomes_of_a_value_is_said(number, text, name, fate, words):
    change(number, text=text)
    assert (row(number, name)["fate"], row(number, name)["words"]) == (fate, words)


@pytest.mark.parametrize("text", ["0.1", "448", "1000", "-1000", "0", "1e-9", "5.9"])
@pytest.mark.parametrize("format", FORMATS, ids=lambda format: format.name)
def test_the_line_holds_neighbors_in_order_and_where_the_number_goes(number, format, text):
    change(number, text=text, format=format.name)
    found = number.scene["line"]
    assert found["ticks"] == sorted(set(found["ticks"])) and 2 <= len(found["ticks"]) <= 9
    assert all(decode(format, encode(format, tick)) == tick for tick in found["ticks"])
    stored = decode(format, encode(format, parsed(text)))
    if found["target"] >= 0:
        assert found["ticks"][found["target"]] == stored
    else:
        assert not math.isfinite(stored)


def test_chances_of_stochastic_rounding_are_the_distances(number):
    change(number, text="0.1", format="float8_e4m3fn")
    assert "80.0 % up, 20.0 % down" in number.scene["line"]["words"]


def test_a_tie_goes_to_the_even_code(number):
    change(number, text="5", format="float4_e2m1fn")
    assert "Exactly half-way" in number.scene["line"]["words"]
    assert row(number, "float4_e2m1fn")["stored"] == "4"


@pytest.mark.parametrize(
    "text, sentence",
    [
        ("", "Here stands no number"),
        ("abc", "“abc” is not a number"),
        ("1/0", "“1/0” divides by zero"),
        ("1/2/3", "“1/2/3” is not a number"),
        ("nan", "NaN is no number and cannot be rounded"),
        ("inf", "“inf” is beyond 1.8e308"),
        ("1e999", "“1e999” is beyond 1.8e308"),
        ("9" * 5000, "is not a number"),
        ("<b>1</b>", "“<b>1<” is not a number".replace("1<”", "1</b>”")),
        (None, "Here stands no number"),
        ([1], "Here stands no number"),
    ],
)
def test_what_is_no_number_is_said_and_the_last_one_stays(number, text, sentence):
    before = number.scene
    change(number, text=text)
    assert sentence in number.problem and len(number.problem) < 200 + LONGEST
    assert number.scene == before
    change(number, text="3")
    assert number.problem == "" and number.scene["value"] == 3


@pytest.mark.parametrize(
    "params", [{"format": "float9"}, {"format": 3}, {"format": "int8", "code": 256}]
)
def test_formats_and_codes_that_do_not_exist_are_refused(number, params):
    before = number.scene
    change(number, **params)
    assert number.problem and number.scene == before


def test_answers_count_refusals_too(number):
    count = number.answers
    change(number, text="x")
    change(number, text="y")
    assert number.answers == count + 2


def test_the_state_is_what_differs_from_the_default(number):
    assert number.saved() == {}
    change(number, text="17", format="bfloat16")
    state = number.saved()
    assert state == {"text": "17", "format": "bfloat16"}
    assert Number(state).scene["rows"] == number.scene["rows"]
    change(number, text="nothing")
    assert number.saved() == state


def test_a_state_that_cannot_be_used_shows_the_default_and_says_so():
    number = Number({"text": "x", "unknown": 1})
    assert "is not a number" in number.problem
    assert number.scene["text"] == "0.1"
