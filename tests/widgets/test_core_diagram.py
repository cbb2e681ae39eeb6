"""The core diagram: every number it shows is a fact of the spec, with its status and source."""

import pytest
import traitlets

from trnlab import spec
from widgets.core_diagram import CoreDiagram, labels, parts


@pytest.fixture(scope="module")
def chips():
    return {chip["name"]: chip for chip in parts.chips()}


def shown(chip, name):
    part = chip["parts"][name]
    return {fact["field"]: fact for fact in part["facts"] + part["more"]}


@pytest.mark.parametrize("name", parts.PARTS)
@pytest.mark.parametrize("chip", spec.CHIPS)
def test_a_part_shows_every_fact_of_the_spec_once(chips, chip, name):
    facts = getattr(spec.chip(chip).core, name).facts()
    part = chips[chip]["parts"][name]
    fields = [fact["field"] for fact in part["facts"] + part["more"]]
    assert sorted(fields) == sorted(fact.field for fact in facts)


@pytest.mark.parametrize("name", parts.PARTS)
def test_status_and_source_are_those_of_the_spec(chips, name):
    for fact in getattr(spec.chip("trn3").core, name).facts():
        row = shown(chips["trn3"], name)[fact.field]
        assert (row["status"], row["source"]) == (fact.status, fact.source)


def test_the_numbers_to_show_first_exist_on_the_newest_chip(chips):
    for name, part in parts.PARTS.items():
        assert set(part.first) <= set(shown(chips["trn3"], name))


def test_every_assumption_says_why_and_how_far_it_may_be_off(chips):
    rows = [row for name in parts.PARTS for row in shown(chips["trn3"], name).values()]
    assumed = [row for row in rows if row["status"] == "assumed"]
    assert assumed
    assert all(row["doubt"] for row in assumed)


def test_documents_that_disagree_are_both_shown(chips):
    bandwidth = shown(chips["trn3"], "hbm")["bytes_per_s"]
    assert bandwidth["value"] == "1.175 TB/s"
    assert ["1.225 TB/s", "4.9 TB/s over 4 stacks, " + spec.sources.TRN3_PAGE] in (
        bandwidth["others"]
    )


def test_what_changed_is_compared_with_the_chip_before(chips):
    assert shown(chips["trn3"], "vector")["clock_hz"]["before"] == "was 960 MHz"
    assert shown(chips["trn3"], "tensor")["clock_hz"]["before"] == ""
    assert shown(chips["trn3"], "tensor")["peaks_flops_per_s.mx"]["before"] == "new"
    assert not any(row["before"] for row in shown(chips["trn1"], "tensor").values())


def test_arrows_follow_who_reads_and_writes_what():
    wires = {(flow.start, flow.end): flow.both for flow in parts.FLOWS}
    assert wires[("sbuf", "tensor")] is False
    assert wires[("tensor", "psum")] is False
    assert ("gpsimd", "psum") not in wires
    assert not any("sync" in ends for ends in wires)


def test_arrows_carry_the_rates_of_the_spec(chips):
    core = spec.chip("trn3").core
    assert chips["trn3"]["flows"]["dma-sbuf"] == f"{core.dma.total_bytes_per_s / 1e9:.0f} GB/s"


@pytest.mark.parametrize(
    "field, words",
    [
        ("clock_hz", "clock"),
        ("peaks_flops_per_s.bfloat16", "peak, BF16"),
        ("moving_fmax", "largest N, FP32 result"),
    ],
)
def test_fields_have_names_in_words(field, words):
    assert labels.label(field) == words


def test_an_unknown_chip_is_refused():
    with pytest.raises(traitlets.TraitError, match="trn1"):
        CoreDiagram(chip="trn9")


def test_the_script_stays_small():
    assert len(CoreDiagram()._esm) < 50_000
