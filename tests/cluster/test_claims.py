"""Verdicts against hand calculation from the published figures, and what knobs do to them."""

import math

import pytest

from trnlab.cluster import claims
from trnlab.spec.sheets import SHEETS
from trnlab.spec.statements import STATEMENTS, Statement


def found(name: str, **settings: object) -> float:
    ratio = claims.judge(name, **settings).found
    assert ratio is not None
    return ratio


def kind(name: str, **settings: object) -> str:
    return claims.verdict(claims.judge(name, **settings)).kind


# By hand, from the tables of systems.


@pytest.mark.parametrize(
    ("settings", "by_hand", "holds"),
    [
        ({}, 362.448 / 83.2, True),
        ({"wording": "4.4x compute"}, 362.448 / 83.2, True),  # 4.36 is printed as 4.4
        ({"format": "bfloat16"}, 96.624 / 42.8, False),
        ({"format": "float32"}, 26.352 / 11.6, False),
        ({"format": "sparse"}, 144 * 2.517 / 164, False),
        ({"new": "trn3-gen1"}, 161.088 / 83.2, False),
        ({"new": "trn3-gen1", "format": "bfloat16"}, 42.944 / 42.8, False),
        ({"old": "trn2"}, 362.448 / 20.8, True),
        ({"old": "trn1", "format": "float32"}, 26.352 / 0.76, True),
        ({"per": "chip"}, 2517 / 1300, False),
        ({"per": "chip", "old": "trn1"}, 2517 / 190, True),
        ({"measure": "tensor"}, 144 * 4 / (64 * 2), True),
        ({"measure": "tensor", "format": "bfloat16", "per": "chip"}, 1.0, False),
    ],
)
def test_speed_by_hand(settings: dict, by_hand: float, holds: bool) -> None:
    judged = claims.judge("faster", **settings)
    assert judged.found == pytest.approx(by_hand, rel=1e-3)
    assert claims.verdict(judged).holds is holds


@pytest.mark.parametrize(
    ("settings", "by_hand", "expected"),
    [
        ({}, 20_736 / 6144, claims.CONTRADICTED),
        ({"quantity": "hbm_bytes_per_s"}, 705.6 / 185.6, claims.FOLLOWS),  # 3.80, printed as 4
        (
            {"quantity": "hbm_bytes_per_s", "wording": "3.9x bandwidth"},
            705.6 / 185.6,
            claims.CONTRADICTED,
        ),
        (
            {"quantity": "hbm_bytes_per_s", "figure": "guide"},
            144 * 4.7 / (64 * 3.0),
            claims.FOLLOWS,
        ),
        ({"quantity": "host_bytes"}, 27_648 / 8192, claims.CONTRADICTED),
        ({"quantity": "sbuf"}, 144 * 256 / (64 * 224), claims.CONTRADICTED),
        ({"per": "chip"}, 144 / 96, claims.CONTRADICTED),
        ({"old": "trn2"}, 20_736 / 1536, claims.CONTRADICTED),
    ],
)
def test_memory_by_hand(settings: dict, by_hand: float, expected: str) -> None:
    assert found("memory", **settings) == pytest.approx(by_hand, rel=1e-6)
    assert kind("memory", **settings) == expected


def test_the_bandwidth_claim_says_what_it_would_need() -> None:
    judged = claims.judge("memory", quantity="hbm_bytes_per_s", wording="3.9x bandwidth")
    assert f"{705.6 / 3.9 / 64:.2f} TB/s" in judged.note


@pytest.mark.parametrize(
    ("quantity", "figure", "by_hand", "expected"),
    [
        ("fp8 2x", "page", 2517 / 1299, claims.FOLLOWS),
        ("fp8 2x", "core", 2.0, claims.FOLLOWS),
        ("bf16 1x", "page", 671 / 667, claims.FOLLOWS),
        ("fp32 1x", "page", 183 / 181, claims.FOLLOWS),
        ("hbm 1.5x", "page", 144 / 96, claims.FOLLOWS),
        ("hbm rate 1.7x", "page", 4.9 / 2.9, claims.FOLLOWS),
        ("hbm rate 1.7x", "other", 4.7 / 3.0, claims.CONTRADICTED),
        ("sbuf 1.14x", "page", 32 / 28, claims.FOLLOWS),
        ("link 2x", "page", 2.56 / 1.28, claims.FOLLOWS),
        ("link 2x", "core", 704 / 1280, claims.CONTRADICTED),
        ("dma 1.4x", "page", 128 * 38.4 / (128 * 27.2), claims.FOLLOWS),
    ],
)
def test_the_table_of_chips_by_hand(
    quantity: str, figure: str, by_hand: float, expected: str
) -> None:
    assert found("chip", quantity=quantity, figure=figure) == pytest.approx(by_hand, rel=1e-3)
    assert kind("chip", quantity=quantity, figure=figure) == expected


def test_chips_of_an_ultraserver() -> None:
    assert (found("chips"), kind("chips")) == (144, claims.FOLLOWS)
    assert (found("chips", new="trn3-gen1"), kind("chips", new="trn3-gen1")) == (
        64,
        claims.CONTRADICTED,
    )


@pytest.mark.parametrize(
    ("earlier", "times", "expected"),
    [("announced", 10, "follows"), ("documented", 10, "follows"), ("deployed", 2, "contradicted")],
)
def test_ten_times_depends_on_what_came_before(earlier: str, times: float, expected: str) -> None:
    assert found("cluster", earlier=earlier) == times
    assert kind("cluster", earlier=earlier) == expected


def test_sums_of_a_million_chips() -> None:
    judged = claims.judge("cluster", wording="a million chips")
    assert claims.verdict(judged).kind == claims.OPEN
    sums = {each.what: each.value for each in judged.evidence}
    assert sums["8-bit peak"] == pytest.approx(2.517e21, rel=1e-3)
    assert sums["HBM"] == pytest.approx(1e6 * 144 * 2**30)
    assert sums["power of the cluster"] == pytest.approx(1e6 * 1000 * 1.3 * 1.15)
    assert "6,944 UltraServers" in judged.note


def test_energy_is_never_settled_by_public_figures() -> None:
    """500 and 1,000 W: 1.94 / 2 of the efficiency; 40 % more would need at most 691 W."""
    judged = claims.judge("energy")
    assert judged.found == pytest.approx(362.448 / 83.2 / 2.25 / 2)
    assert "at most 691 W" in judged.note and "power assumed" in judged.note
    verdicts = {claims.verdict(claims.judge("energy", power="own", watts=w)) for w in (600, 1200)}
    assert {each.kind for each in verdicts} == {claims.OPEN}
    assert {each.holds for each in verdicts} == {True, False}


@pytest.mark.parametrize(("watts", "holds"), [(690, True), (694, False)])
def test_the_limit_of_the_energy_claim_is_a_limit(watts: float, holds: bool) -> None:
    judged = claims.judge("energy", power="own", watts=watts)
    assert claims.verdict(judged).holds is holds


def test_presets_that_follow_from_a_claim_fulfil_it() -> None:
    by_40, by_4x = claims.CLAIMS["energy"].knobs[3].options[1:3]
    assert claims.verdict(claims.judge("energy", power=by_40.value)).holds
    assert claims.verdict(claims.judge("energy", power=by_4x.value, wording="4x energy")).holds


def test_price_turns_at_its_limit() -> None:
    note = claims.judge("price").note
    limit = float(note.split("at most ")[1].split(" USD")[0])
    for price, holds in ((0.97 * limit, True), (1.03 * limit, False)):
        judged = claims.judge("price", price_of="own", price=price)
        assert claims.verdict(judged).holds is holds


def test_trainium4_is_announced_only() -> None:
    judged = claims.judge("trainium4", rack="1/2")
    assert claims.verdict(judged).holds is None and "does not exist" in claims.verdict(judged).text
    values = {each.what: each.value for each in judged.evidence}
    assert values["Trainium4 chip, at least"] == pytest.approx(6 * 2.517e15)
    assert values["36 B200"] == pytest.approx(36 * 9e15)


# For every claim and every setting of its knobs.


def settings_of(name: str) -> list[dict[str, str]]:
    """Every knob at every position, one at a time, from the setting that was meant."""
    knobs = claims.claim(name).knobs
    return [{knob.name: option.value} for knob in knobs for option in knob.options]


@pytest.mark.parametrize("name", claims.CLAIMS)
def test_every_position_of_every_knob_gives_a_judgement(name: str) -> None:
    for settings in settings_of(name):
        judged = claims.judge(name, **settings)
        assert claims.verdict(judged).text
        assert all(each.source and each.status and each.value > 0 for each in judged.evidence)
        if judged.found is None:
            assert judged.note
        else:
            assert judged.evidence


@pytest.mark.parametrize("name", claims.CLAIMS)
def test_shares_multiply_to_the_factor(name: str) -> None:
    for settings in settings_of(name):
        judged = claims.judge(name, **settings)
        if judged.found is not None and judged.shares:
            factor = math.prod(share.factor for share in judged.shares)
            assert factor == pytest.approx(judged.found), settings


@pytest.mark.parametrize("name", claims.CLAIMS)
def test_a_map_has_the_verdict_of_each_setting(name: str) -> None:
    row, column = claims.claim(name).axes
    cells = claims.outlook(name, {})
    assert len({(cell.row, cell.column) for cell in cells}) == len(cells)
    for cell in cells:
        judged = claims.judge(name, **{row: cell.row, column: cell.column})
        assert (judged.found, claims.verdict(judged)) == (cell.found, cell.verdict)


def test_every_statement_is_used_by_a_card() -> None:
    used = {
        claims.judge(name, **settings).statement
        for name in claims.CLAIMS
        for settings in settings_of(name)
    }
    assert {known.says for known in STATEMENTS.values()} == {each.says for each in used}


def test_sums_of_a_system_are_its_chips() -> None:
    for sheet in SHEETS.values():
        each = sheet.chip.published_flops_per_s["bfloat16"]
        assert sheet.flops_per_s["bfloat16"] == pytest.approx(sheet.chips * each, rel=0.005)
        assert sheet.hbm_bytes == sheet.chips * sheet.chip.hbm_capacity_bytes


# The rule.


def said(relation: str, printed: str) -> Statement:
    return Statement(says="x", speaker="x", relation=relation, printed=printed, source="x")


@pytest.mark.parametrize(
    ("relation", "printed", "number", "holds"),
    [
        ("more than", "4", 4.0, False),
        ("more than", "4", 4.01, True),
        ("about", "4", 3.5, True),
        ("about", "4", 3.49, False),
        ("about", "4", 4.6, False),
        ("about", "3.9", 3.80, False),
        ("up to", "4.4", 4.36, True),
        ("up to", "144", 64, False),
        ("at least", "1.40", 1.396, True),
        ("at least", "1.40", 1.39, False),
        ("exactly", "10", 10.0, True),
        ("exactly", "10", 9.9, False),
    ],
)
def test_a_figure_is_held_to_the_digits_it_was_printed_with(
    relation: str, printed: str, number: float, holds: bool
) -> None:
    assert claims.holds(said(relation, printed), number) is holds


def test_an_unknown_relation_is_refused() -> None:
    with pytest.raises(ValueError, match="is not one of more than, about"):
        said("nearly", "4")


@pytest.mark.parametrize(
    ("name", "settings", "message"),
    [
        ("speed", {}, "claim: 'speed' is not one of faster, chip, memory"),
        ("faster", {"colour": "red"}, "faster: 'colour' is no knob; there are wording, format"),
        ("faster", {"format": "int4"}, "format = 'int4' is not one of 8-bit; bfloat16"),
        ("energy", {"watts": "-4"}, "should be a number from 50 to 3000 W"),
        ("energy", {"watts": "nan"}, "should be a number from 50 to 3000 W"),
        ("energy", {"watts": "many"}, "should be a number from 50 to 3000 W"),
    ],
)
def test_a_setting_that_cannot_be_is_said(name: str, settings: dict, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        claims.judge(name, **settings)


def test_a_system_that_cannot_do_the_work_gives_no_verdict() -> None:
    judged = claims.judge("faster", measure="training", old="trn1")
    assert judged.found is None and "none of" in judged.note
    assert claims.verdict(judged).holds is None
