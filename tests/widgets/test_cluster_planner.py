"""The planner without a browser: what it shows is what the cluster model predicts."""

import asyncio
import itertools
import json
from dataclasses import fields
from importlib.resources import files

import numpy as np
import pytest

from trnlab import cluster
from trnlab.cluster.timeline import KINDS
from trnlab.spec.systems import SYSTEMS
from widgets.cluster_planner import PlannerBoard, lesson
from widgets.cluster_planner.request import Request
from widgets.cluster_planner.scene import micro_batch_s
from widgets.cluster_planner.words import on_page

TINY = {
    "model_type": "llama",
    "hidden_size": 512,
    "num_hidden_layers": 8,
    "num_attention_heads": 8,
    "intermediate_size": 2048,
    "vocab_size": 32000,
    "_name_or_path": "<img src=x onerror=alert(1)>",
}


@pytest.fixture
def board():
    return settled(lesson())


@pytest.fixture
def still(monkeypatch):
    """Nothing follows a prediction: neither the map nor the curve."""
    monkeypatch.setattr(PlannerBoard, "follow", lambda self: None)


def settled(board):
    board.settle()
    return board


def asked(board, **part):
    board.params = {**board.params, **part}
    return settled(board)


def test_the_default_is_the_engines_prediction(board):
    plan = cluster.Plan(tp=8, pp=4, dp=4)
    run = cluster.predict_training(
        model="llama-3.1-70b", system="trn3-gen2", chips=144, plan=plan, global_batch=1024,
        sequence=8192,
    )  # fmt: skip
    scene = board.scene
    assert (scene["step_s"], scene["mfu"], scene["fits"]) == (run.step_s, run.mfu, run.fits)
    assert dict(scene["time"]) == dict(run.time_s)
    assert dict(scene["memory"]) == dict(run.memory_bytes)
    assert scene["idle"] == 16
    assert scene["model"]["parameters"] == 70_553_706_496


def test_requests_are_the_engines_prediction(board):
    asked(board, task="inference", model="gpt-oss-120b", chips=16, tp=4, pp=1, dtype="mxfp8")
    run = cluster.predict_inference(
        model="gpt-oss-120b", system="trn3-gen2", chips=16, plan=cluster.Plan(tp=4, dp=4),
        batch=32, prompt=4096, output=512, dtype="mxfp8",
    )  # fmt: skip
    assert (board.scene["ttft_s"], board.scene["tpot_s"]) == (run.ttft_s, run.tpot_s)
    swept = board.sweep
    at = [i for i, pair in enumerate(zip(swept["batch"], swept["prompt"], strict=True))
          if pair == (32.0, 4096.0)]  # fmt: skip
    assert swept["tpot_s"][at[0]] == pytest.approx(run.tpot_s)


def test_two_pools_of_the_same_chips_are_the_engines(board):
    asked(board, task="inference", chips=144, tp=8, pp=1, batch=72, prefill_tp=4)
    found = board.pools
    split = cluster.disaggregate(
        model="llama-3.1-70b", system="trn3-gen2", prompt=4096, output=512, batch=4,
        prefill_chips=4, prefill_plan=cluster.Plan(tp=4),
        decode_chips=8, decode_plan=cluster.Plan(tp=8),
    )  # fmt: skip
    whole = cluster.pools(split, 144)
    assert found["groups"] == [whole.prefill_groups, whole.decode_groups]
    assert (found["ttft_s"], found["tpot_s"]) == (split.ttft_s, split.tpot_s)
    assert found["cache_bytes"] == split.cache_bytes and found["handover_s"] == split.handover_s
    assert found["tokens_per_s"] == whole.tokens_per_s
    assert found["together"]["tokens_per_s"] == board.scene["tokens_per_s"]
    asked(board, prefill_tp=5)
    assert "64 heads of llama-3.1-70b cannot be divided over tp = 5" in board.pools["problem"]
    assert board.scene["tpot_s"] > 0 and not board.problem
    asked(board, prefill_tp=10**9)
    assert "tp = 1000000000 should be a whole number" in board.pools["problem"]
    asked(board, chips=8, prefill_tp=0)
    assert "8 chips are too few for a group of 8" in board.pools["problem"]


def test_filling_replicas_always_make_a_legal_plan():
    cuts = itertools.product((1, 2, 8), (1, 4, 8), (1, 5), (1, 2, 7), (48, 1000, 1024))
    for tp, pp, virtual, micro, batch in cuts:
        request = Request(
            tp=tp, pp=pp, virtual_stages=virtual if pp > 1 else 1, micro_batch=micro,
            global_batch=batch, model="llama-3.1-70b",
        )  # fmt: skip
        try:
            run = request.predict()
        except ValueError as refused:
            assert batch % (micro * (pp if virtual > 1 else 1)), str(refused)
            continue
        assert run.plan.devices <= 144
        wider = cluster.Plan(tp=tp, pp=pp, dp=run.plan.dp + 1)
        share = (run.plan.dp + 1) * micro * (pp if virtual > 1 and pp > 1 else 1)
        assert wider.devices > 144 or batch % share


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_system_is_placed_or_refused_in_a_sentence(name, still):
    chips = min(64, SYSTEMS[name].max_chips)
    board = PlannerBoard(
        {"system": name, "chips": chips, "model": "llama-3.1-8b", "tp": 4, "pp": 2}
    )
    assert board.problem == ""
    assert board.scene["step_s"] > 0


@pytest.mark.parametrize("name", cluster.gallery())
@pytest.mark.parametrize("task", ["training", "inference"])
def test_every_model_of_the_gallery_is_placed(name, task, still):
    board = PlannerBoard({"task": task, "model": name, "tp": 2, "pp": 1})
    assert board.problem == ""
    assert board.scene["tokens_per_s"] > 0


@pytest.mark.parametrize("name", ["mixtral-8x7b", "gemma-2-9b"])
def test_plans_of_other_kinds_of_models_are_ranked(name):
    board = settled(PlannerBoard({"model": name, "chips": 16, "tp": 2, "pp": 1}))
    assert board.plans["cells"]


def test_the_map_holds_the_best_plan_of_each_cut(board):
    found = board.plans
    ranking = cluster.plan(model="llama-3.1-70b", system="trn3-gen2", chips=144)
    assert (found["legal"], found["fitting"]) == (ranking.legal, len(ranking))
    assert found["best"][0]["value"] == ranking.best(1)[0].value
    for cell in found["cells"]:
        same = (ranking.plans.tp == cell["plan"]["tp"]) & (ranking.plans.pp == cell["plan"]["pp"])
        assert cell["value"] == ranking.value[same].max()


def test_a_plan_of_the_map_is_shown_with_its_value(board):
    row = board.plans["best"][3]
    names = ("tp", "pp", "dp", "ep", "cp", "virtual_stages", "zero", "recompute", "schedule")
    part = {name: row["plan"][name] for name in (*names, "sequence_parallel")}
    asked(board, **part, micro_batch=row["micro_batch"])
    assert board.scene["tokens_per_s"] == pytest.approx(row["value"])


def test_the_way_to_a_million_chips_is_made_of_predictions(board):
    found = board.scaling
    assert found["domain"] == 144 and found["grows"][-1][0] == 999_936
    chips, rate, each, batch, idle = found["grows"][-1]
    plan = cluster.Plan(tp=8, pp=4, dp=31_248)
    run = cluster.predict_training(
        model="llama-3.1-70b", system="trn3-gen2", chips=chips, plan=plan, global_batch=batch,
        sequence=8192,
    )  # fmt: skip
    assert (rate, each, idle) == (run.tokens_per_s, run.tokens_per_s / chips, 0)
    stays = {row[0]: row for row in found["stays"]}
    assert stays[144][1] == board.scene["tokens_per_s"]
    assert stays[999_936][1] == stays[144_000][1]  # the batch is used up


def test_a_pipeline_is_drawn_from_the_times_of_the_prediction(still):
    run = Request(pp=8, tp=4, virtual_stages=5).predict()
    forward, backward = micro_batch_s(run)
    scene = PlannerBoard({"pp": 8, "tp": 4, "virtual_stages": 5}).scene
    busy = np.frombuffer(scene["pipeline"]["busy"]["data"])
    per_stage = scene["pipeline"]["drawn"] * (forward + backward)
    assert busy.sum() == pytest.approx(8 * per_stage)
    told = dict(scene["time"])
    in_stage = ("matmul", "attention", "elementwise", "recompute")
    assert forward + backward >= sum(told[name] for name in in_stage) / run.micro_batches
    assert scene["pipeline"]["kinds"] == list(KINDS)


def test_a_huge_pipeline_is_drawn_in_part(still):
    scene = PlannerBoard({"tp": 1, "pp": 80, "global_batch": 2**16}).scene
    assert scene["pipeline"]["drawn"] < scene["micro_batches"]
    assert len(scene["pipeline"]["stage"]["data"]) // 4 <= 6000


def test_a_pasted_configuration_is_read_as_data(still):
    board = PlannerBoard({"model": "own", "config": json.dumps(TINY), "tp": 1, "pp": 1})
    assert board.problem == ""
    assert board.scene["model"]["name"] == TINY["_name_or_path"]  # text, escaped where it is shown
    assert board.scene["model"]["parameters"] == cluster.models.parameters(cluster.model(TINY))


@pytest.mark.parametrize(
    ("config", "sentence"),
    [
        ("\x89PNG\r\n\x1a\n", "this is not JSON text; give the config.json of a model, not its"),
        ("config.json", "this is not JSON text"),  # never the name of a file of the server
        ("[1, 2]", "a config.json holds names and values, this is a list"),
        ('{"model_type": "bert"}', "its model_type is 'bert'"),
        ("", "this is not JSON text"),
        ("{" * 90_000, "this is not JSON text"),
        ("x" * 200_000, "this text has 200,000 characters"),
    ],
)
def test_what_is_no_configuration_is_a_sentence_and_the_picture_stays(
    still, board, config, sentence
):
    before = board.scene
    asked(board, model="own", config=config)
    assert sentence in board.problem
    assert board.scene == before


@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        ({"pp": 7}, "80 layers of llama-3.1-70b (or 82 with embedding and head)"),
        ({"tp": 3}, "64 heads of llama-3.1-70b cannot be divided over tp = 3"),
        ({"global_batch": -8}, "Global batch = -8 should be a whole number"),
        ({"global_batch": "lots"}, "Global batch = 'lots' should be a whole number"),
        ({"micro_batch": 0}, "Micro-batch = 0 should be a whole number"),
        ({"chips": 91}, "use 88 or 92"),
        ({"chips": 10**9}, "cannot be connected: at most 1,000,000"),
        ({"dp": -1}, "dp = -1 should be a whole number, 0 to fill the chips"),
        ({"dp": 4096}, "devices, and 144 chips of trn3-gen2 have 144"),
        ({"dtype": "int3"}, "Format: 'int3' is not one of float32"),
        ({"system": "trn1", "chips": 16, "dtype": "mxfp8"}, "trn1 does not multiply mxfp8"),
        ({"goal": "fame"}, "goal: 'fame' is not one of"),
        ({"task": "dance"}, "task: 'dance' is not one of"),
        ({"model": "gpt-9"}, "'gpt-9' is not in the gallery"),
        (
            {"pp": 8, "virtual_stages": 5, "global_batch": 12},
            "virtual stages = 1, or a global batch that is a multiple of 8",
        ),
        ({"task": "inference", "batch": -1}, "Requests at once = -1 should be a whole number"),
        (
            {"task": "inference", "prompt": 10**12},
            "Tokens of a prompt = 1000000000000",
        ),
    ],
)
def test_what_cannot_be_is_a_sentence_and_the_picture_stays(still, board, part, sentence):
    before = board.scene
    asked(board, **part)
    assert sentence in board.problem
    assert "\n" not in board.problem
    assert board.scene == before


ODD = [None, [], {}, "x", "", -1, 0, 2.5, True, 10**30, float("nan"), "<b>", [1]]


@pytest.mark.parametrize("task", ["training", "inference"])
def test_whatever_a_link_asks_for_there_is_a_picture(task, still):
    board = PlannerBoard({"task": task, "tp": 8, "pp": 1})
    start = dict(board.params)
    for name in start:
        for value in ODD:
            board.params = {**start, name: value}
            assert board.scene and "\n" not in board.problem
    assert PlannerBoard(dict.fromkeys(start, "x")).scene


def test_a_model_that_fits_nowhere_says_so_on_the_map():
    board = settled(PlannerBoard({"model": "llama-3.1-405b", "chips": 4, "tp": 4, "pp": 1}))
    assert board.problem == "" and board.scene["fits"] is False
    assert "none of" in board.plans["problem"] and "GiB" in board.plans["problem"]


def test_links_of_a_plan_work_part_of_the_step(board):
    share = np.frombuffer(board.scene["loads"]["share"]["data"], "f4")
    assert share.max() == pytest.approx(board.scene["loads"]["busiest"])
    assert 0 < share.max() < 1
    alone = PlannerBoard({"model": "llama-3.1-8b", "chips": 1, "tp": 1, "pp": 1})
    assert len(alone.scene["loads"]["link"]["data"]) == 0


def test_every_configuration_of_the_gallery_can_be_pasted(still):
    for name in cluster.gallery():
        text = (files("trnlab.cluster.models") / "gallery" / f"{name}.json").read_text()
        board = PlannerBoard({"model": "own", "config": text, "tp": 1, "pp": 1})
        known = cluster.models.parameters(cluster.model(name))
        assert board.scene["model"]["parameters"] == known


def test_a_state_leads_back(board):
    asked(board, model="mixtral-8x7b", tp=2, ep=8)
    board.view = {"part": "dp"}
    again = lesson(state=board.saved())
    assert again.params == board.params and again.view == board.view


def test_a_long_ranking_says_how_far_it_is_is_stopped_and_goes_on():
    """In a loop, as in a kernel: a step of it leaves room for what the learner asks."""
    said, ended = [], []

    async def main():
        loop, over = asyncio.get_running_loop(), asyncio.Event()
        board = PlannerBoard({"model": "gpt-oss-20b", "tp": 8, "pp": 1})

        def heard(change):
            said.append(change.new)
            if "share" not in change.new:
                ended.append(change.new)
                over.set()
            elif len(said) == 2:
                loop.call_soon(board._handle_custom_msg, {"kind": "stop"}, [])

        board.observe(heard, "plans")
        await asyncio.wait_for(over.wait(), 20)
        await asyncio.sleep(0.1)
        assert len(ended) == 1  # nothing goes on by itself
        over.clear()
        board._handle_custom_msg({"kind": "go on"}, [])
        await asyncio.wait_for(over.wait(), 20)
        return ended[0], board

    stopped, board = asyncio.run(main())
    assert 0 < stopped["stopped"] < 1 and stopped["cells"]
    shares = [found["share"] for found in said if "share" in found]
    assert shares == sorted(shares) and shares[-1] == 1.0
    assert "stopped" not in board.plans and stopped["legal"] < board.plans["legal"]
    whole = Request(**{**board.params}).planning()
    assert board.plans["legal"] == [whole.legal for _ in whole][-1]


def test_a_ranking_that_is_over_is_not_stopped(board):
    before = board.plans
    for kind in ("stop", "go on"):
        board._handle_custom_msg({"kind": kind}, [])
    assert board.plans == before


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("global_batch = 10 is not a multiple of dp x micro_batch = 4 x 3 = 12; try 12",
         "Global batch = 10 is not a multiple of dp x micro-batch = 4 x 3 = 12; try 12"),
        ("plan: the zero-bubble schedule has one virtual stage, the plan 2; use virtual_stages = 1 "
         "or schedule = '1f1b'",
         "plan: the zero-bubble schedule has one virtual stage, the plan 2; use virtual stages = 1 "
         "or pipeline schedule = '1f1b'"),
        ("plan: zero = 5 should be a whole number from 0 to 3",
         "plan: ZeRO stage = 5 should be a whole number from 0 to 3"),
        ("plan: no cut of a keeps 75% of 8 chips busy with 1 sequences",
         "plan: no cut of a keeps 75 % of 8 chips busy with 1 sequences"),
        ("dtype: trn1 does not multiply mxfp8", "Format: trn1 does not multiply mxfp8"),
        ("use more chips, a shorter sequence or a smaller batch",
         "use more chips, a shorter sequence or a smaller batch"),
        ("model: num_hidden_layers = 0 should be a whole number",
         "model: num_hidden_layers = 0 should be a whole number"),
    ],
)  # fmt: skip
def test_a_refusal_names_what_the_page_names(sentence, words):
    assert on_page(sentence) == words


@pytest.mark.parametrize("name", [f.name for f in fields(Request) if "_" in f.name])
def test_no_control_is_called_by_its_name_in_the_code(board, name, still):
    asked(board, **{name: []})
    assert board.problem and (name not in board.problem)
