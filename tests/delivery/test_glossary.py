"""The glossary is complete in itself, and lessons use words that it has."""

import ast
import json

import pytest

from trnlab.serve.glossary import grouped, linked, term, terms
from trnlab.serve.lessons import NOTEBOOKS, lessons


def test_every_entry_says_something_and_refers_to_entries():
    assert len(terms()) > 50
    for entry in terms().values():
        assert entry.short and not entry.short.endswith("."), entry.term
        assert entry.more.endswith("."), entry.term
        assert all(term(other) for other in entry.see) and entry.term not in entry.see


def test_addresses_are_unique():
    anchors = [entry.anchor for entry in terms().values()]
    assert len(set(anchors)) == len(anchors)
    assert term("all-reduce").anchor == "all-reduce" and term("nc_matmul").anchor == "nc-matmul"


def test_groups_hold_every_entry_once():
    listed = [entry["term"] for entries in grouped().values() for entry in entries]
    assert listed == list(terms())


def test_single_letters_are_not_linked_in_prose():
    assert {entry["term"] for entry in linked()} == terms().keys() - {"K"}


def test_an_unknown_term_is_refused_with_those_near_it():
    with pytest.raises(ValueError, match="no 'psumm'; near it are PSUM; add it to glossary.json"):
        term("psumm")


@pytest.mark.parametrize("name", [lesson.name for lesson in lessons()])
def test_the_words_of_a_lesson_are_in_the_glossary(name):
    cells = json.loads((NOTEBOOKS / f"{name}.ipynb").read_text(encoding="utf-8"))["cells"]
    sources = ["".join(cell["source"]) for cell in cells if cell["cell_type"] == "code"]
    for tree in map(ast.parse, sources):
        for call in ast.walk(tree):
            if isinstance(call, ast.Call) and ast.unparse(call.func) == "lesson.Words":
                for word in ast.literal_eval(call.args[0]):
                    assert term(word)
