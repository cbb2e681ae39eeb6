"""Systems, scenarios and what has only been announced."""

import pytest

from trnlab import cluster
from trnlab.cluster.scenario import cost
from trnlab.spec.gpus import B200
from trnlab.spec.scenario import SCENARIOS, presets, scenario
from trnlab.spec.systems import SYSTEMS, system
from trnlab.spec.trainium4 import TRAINIUM4, mixed_domain, trainium4

PB_PER_S = 1e15


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_number_of_a_system_has_a_source_and_a_status(name: str) -> None:
    facts = SYSTEMS[name].facts()
    assert all(fact.source and fact.status != "changed" for fact in facts)
    rates = [fact for fact in facts if fact.field.endswith(("matmul_rate", "exposed", "hbm_rate"))]
    assert rates and {fact.status for fact in rates} == {"assumed"}


@pytest.mark.parametrize(
    ("name", "chips", "petaflops", "hbm_gib"),
    [("trn2-ultraserver", 64, 42.8, 6144), ("trn3-gen1", 64, 42.944, 9216)]
    + [("trn3-gen2", 144, 96.624, 20_736)],
)
def test_a_domain_has_the_published_totals(
    name: str, chips: int, petaflops: float, hbm_gib: int
) -> None:
    known = system(name)
    assert known.domain_chips == chips
    peak = chips * known.chip.published_flops_per_s["bfloat16"] / PB_PER_S
    assert peak == pytest.approx(petaflops, rel=0.005)
    assert chips * known.chip.hbm_capacity_bytes / 2**30 == hbm_gib


def test_every_trainium_system_says_what_a_device_is() -> None:
    found = {name: known.devices_per_chip for name, known in SYSTEMS.items() if known.is_trainium}
    assert found == {"trn1": 2, "trn2": 4, "trn2-ultraserver": 4, "trn3-gen1": 1, "trn3-gen2": 1}


def test_an_unknown_system_suggests_a_known_one() -> None:
    with pytest.raises(ValueError, match="Did you mean 'trn3-gen2'"):
        system("trn3-gen3")


def test_every_system_has_a_scenario_whose_guesses_are_marked() -> None:
    assert set(SCENARIOS) == set(SYSTEMS)
    for name, known in SCENARIOS.items():
        facts = {fact.field: fact for fact in known.facts()}
        if name.startswith(("trn2", "trn3", "trn4")):
            assert facts["chip_watts"].status == facts["usd_per_chip_hour"].status == "assumed"
        assert all(fact.source for fact in facts.values())


def test_cost_follows_from_power_and_price() -> None:
    p = cluster.predict_training(
        model="llama-3.1-8b",
        system="trn3-gen2",
        chips=16,
        plan=cluster.Plan(tp=4, dp=4),
        global_batch=64,
        sequence=4096,
    )
    mine = scenario("trn3-gen2").with_(chip_watts=700.0, usd_per_chip_hour=3.6)
    found = cost(p, mine)
    assert found.scenario is mine
    assert found.joules_per_token == pytest.approx(16 * mine.watts / p.tokens_per_s)
    assert found.usd_per_million_tokens == pytest.approx(16 * 0.001 / p.tokens_per_s * 1e6)
    assert found.tokens_per_joule * found.joules_per_token == pytest.approx(1)
    assert cost(p).scenario is p.scenario is scenario("trn3-gen2")
    assert p.cost == cost(p)
    said = repr(p.cost)
    assert all(text in said for text in ("trn3-gen2", "power assumed", p.scenario.source))


def test_a_chip_that_waits_draws_its_idle_share() -> None:
    asked = {"model": "llama-3.1-8b", "system": "trn3-gen2", "sequence": 4096, "global_batch": 64}
    mine = scenario("trn3-gen2").with_(idle_share=0.25)
    p = cluster.predict_training(**asked, chips=16, plan=cluster.Plan(tp=4, dp=2), scenario=mine)
    assert p.cost.watts == pytest.approx((8 + 8 * 0.25) * mine.watts)
    assert p.cost.usd_per_million_tokens == pytest.approx(
        16 * mine.usd_per_chip_hour / 3600 / p.tokens_per_s * 1e6
    )


def test_requests_carry_their_scenario() -> None:
    asked = {"model": "llama-3.1-8b", "chips": 16, "plan": cluster.Plan(tp=8), "batch": 4}
    q = cluster.predict_inference(**asked, system="trn2", prompt=128, output=16, scenario="trn2")
    assert q.cost.scenario is scenario("trn2")
    assert q.cost.watts == pytest.approx((2 + 14 * 0.3) * q.scenario.watts)


def test_a_system_of_ones_own_needs_a_scenario_for_its_cost() -> None:
    asked = {"model": "llama-3.1-8b", "sequence": 4096, "global_batch": 64, "chips": 16}
    own = system("trn3-gen2").with_(name="mine")
    p = cluster.predict_training(**asked, system=own, plan=cluster.Plan(tp=4, dp=4))
    assert p.step_s > 0
    with pytest.raises(ValueError, match="scenario: 'mine' is not one of .*Give a Scenario"):
        _ = p.cost


def test_presets_of_a_system_have_their_own_sources() -> None:
    found = presets("trn3-gen2")
    assert [known.name for known in found] == ["trn3-gen2", "trn3-gen2, 692 W", "trn3-gen2, 242 W"]
    assert found[1].chip_watts == pytest.approx(500 * 2517 / 1299 / 1.4)
    assert found[2].chip_watts == pytest.approx(500 * 362.448 / 83.2 / 2.25 / 4)
    assert len({known.power.source for known in found}) == 3
    assert {known.standing for known in found} == {"power assumed, price assumed"}
    assert scenario("trn3-gen2, 692 W") == found[1]
    changed = found[0].with_(chip_watts=800)
    assert changed.standing == "power changed, price assumed"


@pytest.mark.parametrize("goal", ["tokens_per_joule", "cost"])
def test_goals_of_energy_and_money_follow_from_the_scenario(goal: str) -> None:
    mine = scenario("trn3-gen2").with_(chip_watts=700.0, usd_per_chip_hour=3.6, idle_share=0.1)
    asked = {"model": "llama-3.1-8b", "system": "trn3-gen2", "chips": 16, "global_batch": 48}
    ranking = cluster.plan(**asked, goal=goal, scenario=mine, sequence=4096)
    assert ranking.scenario is mine
    for rank in ranking.best(3):
        p = cluster.predict_training(
            **{**asked, "chips": rank.chips},
            plan=rank.plan,
            micro_batch=rank.micro_batch,
            sequence=4096,
            scenario=mine,
        )
        spent = p.cost
        value = (
            spent.tokens_per_joule if goal == "tokens_per_joule" else (spent.usd_per_million_tokens)
        )
        assert rank.value == pytest.approx(value)


def test_trainium4_is_what_was_announced_and_no_more() -> None:
    facts = {fact.field: fact for fact in trainium4(72).facts()}
    assert facts["chip.flops_per_s.mxfp4"].value == pytest.approx(6 * 2517e12)
    assert facts["chip.flops_per_s.mxfp8"].value == pytest.approx(3 * 2517e12)
    assert facts["chip.hbm_bytes_per_s"].value == pytest.approx(4 * 4.7e12)
    for field in ("chip.flops_per_s.bfloat16", "chip.hbm_capacity_bytes", "chip.matmul_rate"):
        assert facts[field].status == "assumed"
        assert "does not exist yet" in facts[field].assumption.why
    assert TRAINIUM4.fp4_flops_per_s == 2 * TRAINIUM4.fp8_flops_per_s


@pytest.mark.parametrize("chips", [0, -1, 577, 7.5, True])
def test_a_domain_that_nvlink_cannot_have_is_refused(chips: object) -> None:
    with pytest.raises(ValueError, match="should be a whole number from 1 to 576"):
        trainium4(chips)


def test_a_mixed_domain_adds_both_kinds() -> None:
    rack = mixed_domain(48, 24, B200)
    own, others = rack.flops_per_s("mxfp4")
    assert own == pytest.approx(48 * 6 * 2517e12) and others == 24 * 9000e12
    assert rack.between_bytes_per_s == 24 * 1.8e12
    with pytest.raises(ValueError, match="48 [+] 600 chips"):
        mixed_domain(48, 600, B200)


def test_every_public_name_stays_itself() -> None:
    for name in cluster.__all__:
        assert getattr(cluster, name) is getattr(cluster, name)
    assert callable(cluster.plan) and callable(cluster.sweep) and callable(cluster.machine)
    with pytest.raises(AttributeError, match="trnlab.cluster has no 'nothing'"):
        _ = cluster.nothing
