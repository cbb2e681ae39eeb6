"""The records of the three chips agree with what AWS publishes, and keep what disagrees."""

from __future__ import annotations

import ast
import sys
from pathlib import Path

import pytest

from trnlab import spec
from trnlab.spec import CHIPS, Chip

TERA = 1e12
chips = pytest.mark.parametrize("chip", CHIPS.values(), ids=list(CHIPS))


@chips
def test_every_number_has_a_source_and_every_other_reading_too(chip: Chip) -> None:
    for fact in chip.facts():
        assert fact.source, fact.field
        assert all(reading.source for reading in fact.conflicts), fact.field


@chips
def test_every_assumption_says_why_and_holds_its_value(chip: Chip) -> None:
    assumed = [fact for fact in chip.facts() if fact.status == "assumed"]
    assert assumed
    for fact in assumed:
        assert fact.assumption is not None and fact.assumption.why, fact.field
        assert fact.assumption.low <= fact.value <= fact.assumption.high, fact.field


@chips
def test_other_readings_differ_from_the_one_kept(chip: Chip) -> None:
    for fact in chip.facts():
        assert all(reading.value != fact.value for reading in fact.conflicts), fact.field


@chips
def test_tensor_peaks_are_those_published_for_a_core(chip: Chip) -> None:
    tensor = chip.core.tensor
    for mode, published in tensor.published_flops_per_s.items():
        half_of_last_digit = 0.5 * TERA  # AWS prints whole TFLOPS
        gap = abs(tensor.peak_flops_per_s(mode) - published)
        assert gap <= max(0.01 * published, half_of_last_digit), mode


def test_bf16_peaks_are_the_mfu_denominators() -> None:
    peaks = [chip.core.mfu_flops_per_s / TERA for chip in CHIPS.values()]
    assert peaks == pytest.approx([91.75, 78.64, 78.64], abs=0.005)


def test_trainium3_mx_peak_of_the_chip_is_tensor_alone() -> None:
    chip = CHIPS["trn3"]
    assert chip.peak_flops_per_s("mx") == pytest.approx(chip.published_flops_per_s["mx"], rel=1e-3)


def test_published_bf16_peak_of_a_chip_counts_more_than_tensor() -> None:
    for chip in CHIPS.values():
        assert chip.published_flops_per_s["bfloat16"] > 1.03 * chip.peak_flops_per_s("bfloat16")


def test_unknown_mode_lists_the_modes() -> None:
    with pytest.raises(ValueError) as error:
        CHIPS["trn1"].peak_flops_per_s("mx")
    assert str(error.value) == (
        "TensorEngine: no mode 'mx' on this core; it has float32, tfloat32, bfloat16, float16, "
        "float8."
    )


def test_memories_add_up_to_the_published_totals() -> None:
    mib, gib = 2**20, 2**30
    assert [chip.sbuf_bytes // mib for chip in CHIPS.values()] == [48, 224, 256]
    assert [chip.hbm_capacity_bytes // gib for chip in CHIPS.values()] == [32, 96, 144]
    assert [chip.core.psum.total_bytes // mib for chip in CHIPS.values()] == [2, 2, 2]
    assert {chip.core.psum.bank_fp32_elements for chip in CHIPS.values()} == {512}


def test_a_kernel_may_fill_sbuf_and_what_other_sources_leave_it_is_kept_beside() -> None:
    usable = [chip.core.sbuf.fact("usable_partition_bytes") for chip in CHIPS.values()]
    assert [fact.value for fact in usable] == [192 * 1024, 224 * 1024, 256 * 1024]
    others = [other.value for fact in usable for other in fact.conflicts]
    assert others == [180_224, 212_984, 245_752]


def test_hbm_stacks_add_up_to_the_published_bandwidth() -> None:
    found = [chip.hbm_bytes_per_s / TERA for chip in CHIPS.values()]
    assert found == pytest.approx([0.82, 2.9, 4.7], rel=0.015)


def test_dma_pieces_reach_the_measured_rate_or_else_the_published_ceiling() -> None:
    for chip in CHIPS.values():
        dma = chip.core.dma
        measured = dma.conflicts.get("usable_bytes_per_s")
        rate = measured[0].value if measured else dma.usable_bytes_per_s
        assert dma.piece_bytes_per_s == pytest.approx(rate, rel=0.02)


def test_raw_dma_adds_up_to_the_published_bandwidth_of_the_chip() -> None:
    raw = [c.cores * c.core.dma.engines * c.core.dma.raw_bytes_per_s for c in CHIPS.values()]
    assert raw == pytest.approx([1e12, 3.5e12, 4.9e12], rel=0.15)
    assert raw[1:] == pytest.approx([3.5e12, 4.9e12], rel=0.01)


def test_links_add_up_to_one_of_the_published_totals() -> None:
    for chip in CHIPS.values():
        fact = chip.fact("link_bytes_per_s")
        readings = [fact.value, *(reading.value for reading in fact.conflicts)]
        assert sum(link.total_bytes_per_s for link in chip.links.values()) in readings


@pytest.mark.parametrize(
    ("name", "field", "kept", "other"),
    [
        ("trn3", "core.hbm.bytes_per_s", 4.7e12 / 4, 4.9e12 / 4),
        ("trn2", "core.hbm.bytes_per_s", 716.8e9, 2.9e12 / 4),
        ("trn2", "core.hbm.bytes_per_s", 716.8e9, 3e12 / 4),
        ("trn3", "cc_cores", 16, 20),
        ("trn2", "cc_cores", 16, 20),
        ("trn3", "link_bytes_per_s", 2.56e12, 2048 * 2**30),
        ("trn3", "link_bytes_per_s", 2.56e12, 704e9),
        ("trn3", "core.tensor.moving_fmax", 4096, 512),
        ("trn3", "core.tensor.moving_fmax_bf16_dst", 8192, 512),
        ("trn1", "published_flops_per_s.bfloat16", 190e12, 191e12),
    ],
)
def test_both_sides_of_a_contradiction_are_kept(
    name: str, field: str, kept: float, other: float
) -> None:
    fact = CHIPS[name].fact(field)
    assert fact.value == kept
    assert other in [reading.value for reading in fact.conflicts]


def test_no_time_of_trainium3_claims_to_be_measured() -> None:
    facts = CHIPS["trn3"].facts()
    assert not [fact.field for fact in facts if fact.status == "measured"]
    times = [fact for fact in facts if fact.unit in ("s", "cycles")]
    published = {fact.field for fact in times if fact.status != "assumed"}
    assert published == {"core.tensor.ramp_s", "core.tensor.ramp_window_s"}


@pytest.mark.parametrize("name", ["trn1", "trn3"])
def test_values_carried_over_from_trainium2_are_its_values(name: str) -> None:
    core, trn2 = CHIPS[name].core, CHIPS["trn2"].core
    carried = [
        fact.field
        for fact in core.facts()
        if fact.assumption and "Trainium2" in fact.assumption.why
    ]
    assert "dma.start_s" in carried
    for field in carried:
        assert core.fact(field).value == trn2.fact(field).value


def test_row_tiles_are_those_of_the_generation() -> None:
    sizes = [chip.core.tensor.row_tile_sizes for chip in CHIPS.values()]
    assert sizes == [(64, 128), (32, 64, 128), (32, 64, 128)]


def test_hardware_descriptors_come_with_trainium2() -> None:
    assert [chip.core.dma.has_hwdge for chip in CHIPS.values()] == [False, True, True]
    assert "dma.hwdge_s" not in [fact.field for fact in CHIPS["trn1"].core.facts()]


@pytest.mark.parametrize("name", ["trn3", "Trainium3", "gen4", "v4", "NeuronCore-v4", "TRN3"])
def test_a_chip_has_several_names(name: str) -> None:
    assert spec.chip(name) is CHIPS["trn3"]


def test_a_chip_passes_through() -> None:
    changed = CHIPS["trn2"].with_({"core.tensor.clock_hz": 1e9})
    assert spec.chip(changed) is changed


def test_an_unknown_name_lists_the_known_ones() -> None:
    with pytest.raises(ValueError) as error:
        spec.chip("trn5")
    assert str(error.value) == (
        "chip: 'trn5' is not a chip of trnlab. Name one of: "
        "trn1 (trainium1, gen2, v2, neuroncore-v2); "
        "trn2 (trainium2, gen3, v3, neuroncore-v3); "
        "trn3 (trainium3, gen4, v4, neuroncore-v4)."
    )


def test_the_facts_import_the_standard_library_alone() -> None:
    for path in Path(spec.__file__).parent.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Import):
                names = {alias.name for alias in node.names}
            elif isinstance(node, ast.ImportFrom) and node.level == 0:
                names = {str(node.module)}
            else:
                continue
            assert names <= sys.stdlib_module_names | {"collections.abc"}, path.name
