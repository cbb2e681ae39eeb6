"""What a learner reads as a number was computed: no figure is typed into prose or into a view.

A figure in the text of a lesson has to come out of a computed piece, be part of a name, or be
what the learner is asked to set. Each of these stands here with its reason.
"""

import ast
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from trnlab.cluster import claims
from trnlab.serve.lessons import NOTEBOOKS, ROOT, lessons
from trnlab.spec.statements import STATEMENTS

# Names with digits in them, as the field writes them.
NAMES = re.compile(
    r"Trainium[1-4]|Trn[1-4]|Gen[12]|Neuron(Core|Link|Switch)-v\d"
    r"|\bM?X?FP(4|8|16|32)\b|BF16|INT8|E\dM\d(FN)?|E8M0|\b8[ -]bits?\b|1F1B|LNC2?"
    r"|Llama 3\.1 \d+B|ZeRO (stage )?\d|OCP MX v1\.0"
)
# Works that are cited, with their year or number.
CITED = re.compile(
    r"(CACM|ICML|NeurIPS|SC|et al|Bailey|December),? \d{4}|arXiv \d{4}\.\d+|, \d{4}$"
)
FIGURE = re.compile(r"(?<![\w^])\d[\d,.]*")
# Words of a lesson that tell what to set or to press, so that a number is the learner's own.
INPUTS = {
    "02_matmul_tiling": ["Press **3**", "Press **4**", "Press **5**"]  # the keys of the kernels
    + ["M = 1000", "K = 4096", "M block of 8", "1024 x 1024 x 1024"],
    "03_quantization": ["lies above 2^", " + 1 = ", "and 8 in a byte"],  # formulas
    "04_scale_out": ["from device 0 to 1, to 5, to 72 and to 77", "Type 7 x 13 chips", "rank 0"]
    + ["64 ranks, 1 device apart", "4 ranks, 16 devices apart", "from 1 to 64", "on 144 chips"]
    + ["n - 1 steps", "p - 1 turns", "2 (", " - 1) = "],  # formulas
    "05_profiler": ["1024 x 1024 x 1024"],
}
PAGES = [page.name for page in lessons()]


def prose(name: str) -> Iterator[str]:
    """What a notebook says: its text without code, and the sentences in its code."""
    notebook = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))
    for cell in notebook["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            yield re.sub(r"```.*?```|`[^`]*`", "", source, flags=re.DOTALL)
        else:
            yield from (text for text in literals(ast.parse(source)) if " " in text)
    yield notebook["metadata"].get("trnlab", {}).get("line", "")


def literals(tree: ast.AST) -> Iterator[str]:
    """Texts as they are written; what f-strings compute is no part of them."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node.value


def typed(text: str, allowed: list[str]) -> list[str]:
    """The figures of a text that nothing explains."""
    for words in allowed:
        text = text.replace(words, "")
    return FIGURE.findall(CITED.sub("", NAMES.sub("", text)))


def quoted() -> list[str]:
    """What was said at the launch, as printed: the lesson on it quotes these."""
    figures = [STATEMENTS[name].says for name in STATEMENTS]
    figures += [claims.claim(name).title for name in claims.CLAIMS]
    return ["More than 4 times faster", "4 times", "40 %", *figures]


@pytest.mark.parametrize("name", PAGES)
def test_no_figure_is_typed_into_a_lesson(name):
    allowed = INPUTS.get(name, []) + (quoted() if name == "06_launch_claims" else [])
    found = {text[:80]: figures for text in prose(name) if (figures := typed(text, allowed))}
    assert not found, found


@pytest.mark.parametrize("name", INPUTS)
def test_no_exception_is_left_over(name):
    text = "\n".join(prose(name))
    assert all(words in text for words in INPUTS[name])


@pytest.mark.parametrize(
    "text", ["It takes 213 ns.", "about 40 % more", "144 chips", "2,048 GB/s", "3.9 times"]
)
def test_a_typed_figure_would_be_found(text):
    assert typed(text, [])


def test_a_claim_s_title_says_the_figure_that_its_source_printed():
    for name in claims.CLAIMS:
        claim = claims.claim(name)
        said = f"{claims.judge(name).statement.says} {claims.judge(name).statement.printed}"
        assert set(typed(claim.title, [])) <= set(FIGURE.findall(said)), claim.title


# Views

UNITS = (
    r"%|[kMGT]i?B|bytes|B/s|[mnµu]?s|[kMGT]?Hz|[TPEG]?FLOPS?|W|times|chips|cores|engines|banks"
    r"|partitions|links|ranks|devices|rows|values|elements"
)
MEASURE = re.compile(rf"(?<![\w.#(-])\d[\d,.]*[ \u00a0]?(?:{UNITS})(?![\w%])")
JS_COMMENT = re.compile(r"//[^\n]*|/\*\*.*?\*/", re.DOTALL)
IN_JS = re.compile(r"\"(?:[^\"\\\n]|\\.)*\"|`(?:[^`\\]|\\.)*`")
# Where a view says a figure of its own: limits that it sets itself, which no fact gives; styles.
OWN = {
    "dashboard/js/state.js": ["the file is larger than 64 KiB"],
    "dashboard/js/board.js": ["0 s"],
    "numbers/js/part.js": ["100% 0px"],
    "collective/js/controls.js": ["Tensor, from 1 kB to 30 GB"],
}


def sentences(path: Path) -> Iterator[str]:
    """Texts of a view's source that have a space in them; docstrings and styles are none."""
    text = path.read_text(encoding="utf-8")
    if path.suffix == ".js":
        found = [piece[1:-1] for piece in IN_JS.findall(JS_COMMENT.sub("", text))]
        yield from (re.sub(r"\$\{[^}]*\}", "", piece) for piece in found)
        return
    tree = ast.parse(text)
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    for node in ast.walk(tree):
        is_text = isinstance(node, ast.Constant) and isinstance(node.value, str)
        if is_text and id(node) not in docs:
            yield node.value


VIEWS = [
    path
    for path in sorted((ROOT / "widgets").rglob("*"))
    if path.suffix in (".py", ".js") and "static" not in path.parts and path.stat().st_size < 1e5
]


def test_no_view_says_a_figure_of_its_own():
    found = []
    for path in VIEWS:
        name = path.relative_to(ROOT / "widgets").as_posix()
        for text in sentences(path):
            if "color-mix" in text or " " not in text:
                continue
            rest = NAMES.sub("", text)
            for own in OWN.get(name, []):
                rest = rest.replace(own, "")
            found += [(name, text[:80]) for _ in MEASURE.findall(rest)]
    assert found == []
