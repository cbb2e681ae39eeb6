"""The planner ranks every legal plan, and each row is what a single prediction says."""

import time

import pytest

from trnlab import cluster
from trnlab.cluster.degrees import check_plan
from trnlab.cluster.models import model

SMALL = {"model": "llama-3.1-8b", "system": "trn3-gen2", "chips": 16, "global_batch": 64}


@pytest.mark.parametrize("index", [0, 1, 50, -1])
def test_a_row_is_the_single_prediction(index: int) -> None:
    ranking = cluster.plan(**SMALL)
    row = ranking.row(index)
    single = cluster.predict_training(
        **SMALL, plan=row.plan, micro_batch=row.micro_batch, sequence=8192
    )
    assert single.step_s == pytest.approx(row.seconds)
    assert single.tokens_per_s == pytest.approx(row.tokens_per_s)
    assert sum(single.memory_bytes.values()) == pytest.approx(row.memory_bytes)
    assert single.fits


@pytest.mark.parametrize("name", ["llama-3.1-405b", "deepseek-v3"])
def test_every_ranked_plan_is_legal_and_told_once(name: str) -> None:
    ranking = cluster.plan(model=name, system="trn3-gen2", chips=576, global_batch=576)
    rows = [ranking.row(i) for i in range(0, len(ranking), 97)]
    for row in rows:
        check_plan(row.plan, model(name))
        assert row.plan.devices <= 576
        share = 576 // row.plan.dp
        assert share * row.plan.dp == 576 and share % row.micro_batch == 0
        turn = row.plan.pp if row.plan.virtual_stages > 1 else 1
        assert share // row.micro_batch % turn == 0  # interleaved stages take pp at a time
    assert len({(row.plan, row.micro_batch) for row in rows}) == len(rows)


@pytest.mark.parametrize("goal", ["tokens_per_s", "tokens_per_joule", "cost", "ttft_s"])
def test_the_best_comes_first(goal: str) -> None:
    values = [row.value for row in cluster.plan(**SMALL, goal=goal).best(100)]
    assert values == sorted(values, reverse=goal.startswith("tokens"))


def test_the_cheapest_tokens_may_need_fewer_chips_than_there_are() -> None:
    request = {"model": "llama-3.1-70b", "system": "trn3-gen2"}
    known = cluster.scenario.find_scenario("trn3-gen2")
    ranking = cluster.plan(**request, chips=144, global_batch=1024, goal="cost")
    fastest = cluster.plan(**request, chips=144, global_batch=1024).best(1)[0]
    best = ranking.best(1)[0]
    for row in (best, ranking.row(len(ranking) // 2), ranking.row(-1)):
        assert row.plan.devices <= row.chips <= 144 and row.chips % 4 in (0, 1, 2)
        usd_per_s = row.chips * known.usd_per_chip_hour / 3600
        assert row.value == pytest.approx(1e6 * usd_per_s / row.tokens_per_s)
        single = cluster.predict_training(
            **request, chips=row.chips, plan=row.plan, micro_batch=row.micro_batch,
            global_batch=1024, sequence=8192,
        )  # fmt: skip
        assert single.cost.usd_per_million_tokens == pytest.approx(row.value)
    idle = 1e6 * 144 * known.usd_per_chip_hour / 3600 / fastest.tokens_per_s
    assert best.value < idle and best.chips < 144
    for chips in (32, 64, 128):  # no number of chips, taken alone, is cheaper
        alone = cluster.plan(**request, chips=chips, global_batch=1024).best(1)[0]
        price = 1e6 * chips * known.usd_per_chip_hour / 3600 / alone.tokens_per_s
        assert best.value <= price * (1 + 1e-12)


def test_a_short_sequence_is_planned_without_sharing_it() -> None:
    assert set(cluster.plan(**SMALL, sequence=64).plans.cp.tolist()) == {1.0}
    assert len(cluster.plan(**{**SMALL, "global_batch": 1}, sequence=64, goal="ttft_s"))


def test_each_schedule_of_a_pipeline_is_tried() -> None:
    found = cluster.plan(**SMALL)
    filled = found.plans.schedule == 1
    assert 0 < filled.sum() < len(found)
    assert (found.plans.pp[filled] > 1).all() and (found.plans.virtual_stages[filled] == 1).all()


def test_a_ranking_shows_itself_as_a_table() -> None:
    ranking = cluster.plan(**SMALL)
    first, heads, *rows = repr(ranking).splitlines()
    assert first.startswith(f"{ranking.legal:,} plans looked at, {len(ranking):,} fit; scenario")
    assert len(rows) == 10 and len({len(line) for line in (heads, *rows)}) == 1
    best = ranking.best(1)[0]
    cells = dict(zip(heads.split()[:9], rows[0].split()[:9], strict=True))
    assert cells == {name: str(getattr(best.plan, name)) for name in cells}
    assert f"{best.value:.4g}" in rows[0]


def test_no_hand_made_plan_is_better() -> None:
    best = cluster.plan(**SMALL).best(1)[0]
    for plan in (
        cluster.Plan(tp=8, dp=2),
        cluster.Plan(tp=2, pp=2, dp=4),
        cluster.Plan(tp=2, pp=2, dp=4, schedule="zero-bubble"),
        cluster.Plan(dp=16, zero=3, recompute="full"),
    ):
        single = cluster.predict_training(**SMALL, plan=plan, sequence=8192)
        assert not single.fits or single.tokens_per_s <= best.tokens_per_s * (1 + 1e-12)


def test_every_legal_plan_of_llama_405b_on_1008_chips_takes_less_than_two_seconds() -> None:
    start = time.perf_counter()
    ranking = cluster.plan(
        model="llama-3.1-405b", system="trn3-gen2", chips=1008, global_batch=1008
    )
    assert time.perf_counter() - start < 2.0
    assert ranking.legal > 90_000


def test_a_prompt_of_a_mixture_model_is_planned() -> None:
    ranking = cluster.plan(model="gpt-oss-120b", system="trn3-gen2", chips=16, goal="ttft_s")
    best = ranking.best(1)[0]
    single = cluster.predict_inference(
        model="gpt-oss-120b",
        system="trn3-gen2",
        chips=16,
        plan=best.plan,
        batch=1,
        prompt=8192,
        output=512,
    )
    assert single.ttft_s == pytest.approx(best.value)


def test_a_model_that_cannot_fit_says_what_it_lacks() -> None:
    with pytest.raises(ValueError, match="none of .* legal plans fits: the smallest needs .* GiB"):
        cluster.plan(model="deepseek-v3", system="trn1", chips=16)


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"goal": "speed"}, "goal = 'speed' should be one of tokens_per_s"),
        ({"goal": "ttft_s", "task": "training"}, "does not go with goal = 'ttft_s'"),
        ({"chips": 91}, "not a number of whole servers"),
        ({"global_batch": 0}, "global_batch = 0 should be a whole number"),
        ({"output": -5}, "output = -5 should be a whole number"),
        ({"output": float("nan"), "task": "inference"}, "output = nan should be a whole number"),
        ({"chips": 10**6}, "keeps 75% of 1,000,000 chips of trn3-gen2 busy with 64 sequences"),
    ],
)
def test_what_cannot_be_is_a_sentence(changes: dict, message: str) -> None:
    with pytest.raises(ValueError) as error:
        cluster.plan(**{**SMALL, **changes})
    assert message in str(error.value)


def test_plans_judged_in_steps_end_as_the_ranking_of_all_and_may_be_left_half_way() -> None:
    asked = {"model": "gpt-oss-20b", "system": "trn3-gen2", "chips": 144, "global_batch": 1024}
    planning = cluster.Planning(**asked)
    steps = iter(planning)
    shares = [next(steps), next(steps)]
    part, looked_at = planning.ranking(), planning.legal
    shares += list(planning)  # goes on where it was left
    whole, once = planning.ranking(), cluster.plan(**asked)
    assert shares == sorted(set(shares)) and shares[-1] == 1.0 and len(shares) > 3
    assert 0 < looked_at == part.legal < whole.legal == once.legal
    assert whole.best(20) == once.best(20) and len(whole) == len(once)
    assert part.best(1)[0].value <= once.best(1)[0].value


def test_a_planning_that_has_judged_nothing_says_so() -> None:
    with pytest.raises(ValueError, match="plan: no cut of llama-3.1-8b keeps"):
        cluster.Planning(**SMALL).ranking()
