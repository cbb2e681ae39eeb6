"""The notebook: every figure that its prose gives is computed, and is the specification's."""

import ast
import json
import re
from pathlib import Path

import pytest

from tests.widgets.numbers.harness import tell
from trnlab import spec
from trnlab.kernels.narrow_matmul import MX_K
from trnlab.numerics.blocks import dequantize_block, quantize_block
from trnlab.numerics.formats import number_format
from widgets.dashboard import link
from widgets.lesson import Exercise, Predict, Question
from widgets.numbers import lesson, presets

NOTEBOOK = Path(__file__).parents[3] / "notebooks" / "03_quantization.ipynb"
CELLS = json.loads(NOTEBOOK.read_text(encoding="utf-8"))["cells"]
NAMES = re.compile(r"[A-Za-z_]+\d\w*|`[^`]*`|\*[^*]*\*")  # BF16, code, what is written on a button


def cells(kind):
    return ["".join(cell["source"]) for cell in CELLS if cell["cell_type"] == kind]


@pytest.fixture(scope="module")
def run():
    """What the code cells define and show, run as plain Python."""
    names, shown = {}, []
    for source in cells("code"):
        *body, last = ast.parse(source).body
        exec(compile(ast.Module(body, []), "cell", "exec"), names)
        if isinstance(last, ast.Expr):
            shown.append(eval(compile(ast.Expression(last.value), "cell", "eval"), names))
        else:
            exec(compile(ast.Module([last], []), "cell", "exec"), names)
    return names, shown


def of(shown, kind):
    return [card for card in shown if isinstance(card, kind)]


def test_prose_quotes_no_figure_of_its_own():
    for text in cells("markdown"):
        assert not re.search(r"\d", NAMES.sub("", text)), text


def test_the_promise_of_the_question_is_the_published_peak(run):
    tensor = spec.chip("trn3").core.tensor
    published = tensor.published_flops_per_s["mx"] / tensor.published_flops_per_s["bfloat16"]
    assert f"{published:.0f} times as fast" in of(run[1], Question)[0].html


def test_the_prediction_is_what_the_specification_counts(run):
    values = presets()["An outlier"]
    fp4 = number_format("float4_e2m1fn")
    kept = dequantize_block(quantize_block(values, fp4, 0), fp4)
    card = of(run[1], Predict)[0]
    assert card.answer == sum(value == 0 for value in kept)
    before = dequantize_block(quantize_block(presets()["Even"], fp4, 0), fp4)
    assert f"{sum(value == 0 for value in before)} become zero. Now one" in card.question
    limit = max(abs(v) for v, k in zip(values, kept, strict=True) if k == 0)
    said = float(re.search(r"times the scale is ([\d.]+)", card.reveal)[1])
    assert limit <= said < min(abs(v) for v, k in zip(values, kept, strict=True) if k != 0)


def test_the_block_of_the_prediction_is_the_one_on_the_button(run):
    assert run[0]["values"] == presets()["An outlier"]


@pytest.mark.parametrize(
    "words, answer, mistakes",
    [
        ("Which E8M0 code", "121", {"120": "OCP's sample rule", "-6": "an E8M0 code is 127 more"}),
        ("How many GB", "4.25", {"4": "The scales take room too", "16": "That is BF16"}),
        ("How often must", "2", {"0.5": "Upside down", "1": "clock is not TensorE's"}),
    ],
)
def test_exercises_accept_the_answer_and_name_mistakes(run, words, answer, mistakes):
    card = next(card for card in of(run[1], Exercise) if words in card.question)
    assert len(card.hints) == 3
    for given, sentence in mistakes.items():
        assert sentence in card.answer.verdict(given).text
        assert not card.answer.verdict(given).right
    assert card.answer.verdict(answer).right and answer in card.solution


def test_the_answers_hold_by_hand():
    assert 1 - 8 + 1 + 127 == 121  # floor(log2 3.9) - Emax + 1, as a code
    core = spec.chip("trn3").core
    columns = 512
    elements = MX_K * columns / core.vector.lanes
    quantize_s = elements / core.vector.quantize_mx_elements_per_cycle / core.vector.clock_hz
    assert quantize_s / (columns / core.tensor.clock_hz) == pytest.approx(2)


def test_what_the_bullets_say_of_matrices_is_so():
    matrix = lesson(state={}).matrix

    def db(data, name):
        matrix.show({**matrix.first, "data": data})
        return next(row["product_db"] for row in matrix.scene["rows"] if row["name"] == name)

    assert db("heavy", "mxfp8") < db("heavy", "fp8-tensor")
    assert db("ink", "mxfp8") > db("ink", "fp8-tensor")
    assert db("normal", "int8-row") > max(db("normal", name) for name in ("fp8-row", "mxfp8"))


def test_what_the_bullets_say_of_networks_is_so(run):
    network = run[0]["bench"].network
    network.settle()
    times = {row["format"]: row["us"] for row in network.more["uniform"]}
    assert min(times, key=times.get) == "bfloat16"


def test_a_state_leads_back_to_all_parts():
    state = {"number": {"text": "17"}, "matrix": {"tame": "smooth"}, "network": {"budget": "0.1"}}
    bench = lesson(state=state)
    bench.settle()
    assert bench.saved() == state


def test_a_state_of_the_wrong_kind_is_the_default():
    assert lesson(state={"number": 3, "other": {}}).saved() == {}


def test_an_address_leads_back_and_an_unreadable_part_says_so(monkeypatch):
    state = {"text": "17"}
    query = f"number={link.pack(state)}&block=@@&network={link.pack({'budget': 'lots'})}"
    monkeypatch.setenv("QUERY_STRING", query)
    bench = lesson()
    bench.settle()
    assert bench.number.saved() == state and bench.number.used == link.pack(state)
    assert "cannot be read" in bench.block.problem and bench.block.scene["values"]
    assert "Budget “lots”" in bench.network.problem and bench.network.scene["layers"]


def test_a_page_restores_what_a_kernel_made_before_it_has_not_seen():
    bench = lesson(state={})
    tell(bench.number, {"kind": "restore", "state": {"text": "3", "other": 1}})
    assert bench.saved() == {"number": {"text": "3"}}
    tell(bench.matrix, {"kind": "restore", "state": {"data": "hidden"}})
    assert bench.matrix.scene["shape"] == [256, 128]
