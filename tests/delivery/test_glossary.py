"""The glossary is complete in itself, and lessons use words that it has."""

import pytest

from trnlab.serve.glossary import grouped, linked, term, terms


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
