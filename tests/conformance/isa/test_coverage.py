"""The table of what exists: complete, and as the page in docs has it."""

from pathlib import Path

import pytest

from trnlab.nki import coverage

PAGE = Path(__file__).parents[3] / "docs" / "nki-coverage.md"


def test_the_page_is_what_the_code_says():
    assert PAGE.read_text() == coverage.table(), (
        "run: python -m trnlab.nki.coverage > docs/nki-coverage.md"
    )


def test_nki_has_fifty_instructions_and_103_functions():
    assert len(set(coverage.ISA)) == 50
    assert len(set(coverage.LANGUAGE)) == 103
    assert len(set(coverage.COLLECTIVES)) == 11


@pytest.mark.parametrize("title, rows", list(coverage.rows()))
def test_every_name_exists_with_values_and_time(title, rows):
    assert [row.name for row in rows if not row.has_values] == []
    assert [row.name for row in rows if row.has_time is False] == []


def test_every_instruction_says_where_its_cost_is_from():
    for name, variants in coverage.instructions().items():
        for variant in variants:
            word = variant.cost_source.partition(":")[0]
            assert word in ("published", "inferred", "assumed"), name


def test_every_instruction_is_part_of_a_name():
    parts = """
        core_barrier_signal core_barrier_wait sendrecv_ready sendrecv_send sendrecv_receive
        collective_send collective_receive
    """.split()
    known = {*coverage.ISA, *parts}
    assert set(coverage.instructions()) <= known
