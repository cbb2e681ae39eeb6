"""The stepper without a browser: columns, controls, refusals, links, values."""

import asyncio
import concurrent.futures
import json
import re

import numpy as np
import pytest

import trnlab
from trnlab import spec
from trnlab.kernels.matmul import LADDER
from trnlab.metrics import Profile, Run
from widgets.dashboard import link, trust
from widgets.stepper import Stepper, bundle, lesson, scene
from widgets.stepper.product import MAX_MATMULS, OBVIOUS, Product, fields
from widgets.stepper.values import inputs

RUNGS = [name for name in LADDER if name != "one_tile"]
SMALL = {"M": 512, "N": 1024, "K": 1024}


def column(table: dict, name: str) -> np.ndarray:
    """One column as the browser reads it."""
    if name in table["f32"]:
        return np.frombuffer(table["f32"][name], np.float32)
    return np.frombuffer(table["i32"][name], np.int32)


def send(stepper: Stepper, **state) -> None:
    """What a change in the browser sends, until all that follows from it is done."""
    data = {"method": "update", "state": state, "buffer_paths": []}
    stepper._handle_msg({"content": {"data": data}, "buffers": []})
    stepper.settle()


def opened(state: dict) -> Stepper:
    """A stepper at a moment, all of it."""
    stepper = Stepper(state)
    stepper.settle()
    return stepper


def change(stepper: Stepper, **params) -> None:
    send(stepper, params={**stepper.params, **params})


def ask(stepper: Stepper, message: dict) -> list[tuple[dict, list[bytes]]]:
    """A custom message from the browser, and what comes back."""
    replies: list[tuple[dict, list[bytes]]] = []
    stepper.send = lambda content, buffers=None: replies.append((content, buffers or []))
    data = {"method": "custom", "content": message}
    stepper._handle_msg({"content": {"data": data}, "buffers": []})
    return replies


@pytest.fixture(params=RUNGS)
def stepper(request: pytest.FixtureRequest) -> Stepper:
    return opened({"kernel": request.param, **SMALL})


def test_rows_are_the_timelines_columns(stepper: Stepper):
    rows, line = stepper.scene["rows"], stepper.profile.timeline
    for name in scene.CODES:
        assert (column(rows, name) == line[name]).all(), name
    for name in scene.TIMES:
        found = column(rows, f"{name}_us")
        np.testing.assert_allclose(found, line[f"{name}_s"] * 1e6, rtol=1e-6)


def test_operands_are_the_traces_operands(stepper: Stepper):
    shown, trace = stepper.program, stepper.profile.trace
    first = column(shown["calls"], "first").tolist()
    ends = [*first[1:], len(column(shown["operands"], "role"))]
    columns = [
        column(shown["operands"], name).tolist()
        for name in ("role", "tensor", "r0", "r1", "c0", "c1")
    ]
    for call, (start, end) in enumerate(zip(first, ends, strict=True)):
        expected = [(o.role, o.tensor.id, *o.rows, *o.cols) for o in trace.call(call).operands]
        found = [tuple(c[i] for c in columns) for i in range(start, end)]
        assert [(shown["codes"]["roles"][role], *rest) for role, *rest in found] == expected


def test_tiles_are_the_profiles_tiles(stepper: Stepper):
    shown, tiles = stepper.scene["tiles"], stepper.profile.tiles
    for name in ("tensor", "address_bytes", "bytes_per_partition", "partitions", "bank"):
        assert (column(shown, name) == tiles[name]).all(), name


def test_the_summary_is_the_profiles(stepper: Stepper):
    run, shown = stepper.profile, stepper.scene["summary"]
    assert shown["total_us"] == run.total_us
    assert (shown["mfu"], shown["mbu"], shown["hbm_bytes"]) == (run.mfu, run.mbu, run.hbm_bytes)
    assert shown["intensity"] == run.roofline.intensity
    assert (shown["rows"], shown["calls"]) == (run.timeline.rows, len(run.trace))


def test_the_least_traffic_reads_each_operand_once_and_writes_the_result_once():
    M, N, K = SMALL.values()
    shown = Stepper({"kernel": "tiled", **SMALL}).scene["summary"]
    assert shown["least_bytes"] == 2 * (K * M + K * N + M * N)
    assert shown["hbm_bytes"] > shown["least_bytes"]


def test_every_line_that_issued_an_instruction_is_in_the_source_shown(stepper: Stepper):
    listed = {
        part["first"] + i for part in stepper.program["source"] for i in range(len(part["lines"]))
    }
    assert set(stepper.profile.timeline["line"].tolist()) <= listed


def test_every_row_that_waited_has_its_sentence(stepper: Stepper):
    line, waits = stepper.profile.timeline, stepper.waits
    told = dict(zip(np.frombuffer(waits["rows"], np.int32).tolist(), waits["texts"], strict=True))
    waited = np.flatnonzero((line["wait_s"] > 0) & (line["wait_kind"] > 0)).tolist()
    assert sorted(told) == waited
    for row in waited[::17]:
        assert told[row] == line.wait_text(row).replace(" us", " µs")


def controls() -> list[tuple[str, str, object]]:
    """(kernel, control, value): each control of each rung at its least, default and most."""
    found = []
    for kernel in LADDER:
        product = Product(kernel=kernel) if kernel != "one_tile" else ONE_TILE
        for field in fields(product):
            values = (
                [c["value"] for c in field["choices"]]
                if "choices" in field
                else ([field["min"], getattr(product, field["name"]), field["max"]])
            )
            found += [(kernel, field["name"], value) for value in dict.fromkeys(values)]
    return found


ONE_TILE = Product(kernel="one_tile", M=128, N=512, K=128)


@pytest.mark.parametrize(("kernel", "name", "value"), controls())
def test_every_control_at_its_limits_gives_a_picture_or_a_sentence(kernel, name, value):
    start = ONE_TILE if kernel == "one_tile" else Product(kernel=kernel, M=512)
    stepper = Stepper({"kernel": kernel, "M": start.M, "N": start.N, "K": start.K})
    change(stepper, **{name: value})
    if stepper.problem:
        assert " at most " in stepper.problem["text"] or "multiple of" in stepper.problem["text"]
        assert stepper.problem["fix"]
        assert stepper.scene["params"]["kernel"] == kernel
    else:
        assert stepper.scene["params"][name] == value
        assert stepper.scene["summary"]["total_us"] == stepper.profile.total_us > 0


@pytest.mark.parametrize("params", [{"M": 1024}, {"kernel": "hoisted"}, {"chip": "trn2"}])
def test_each_change_fires_one_scene(params):
    stepper = Stepper(SMALL)
    fired = []
    stepper.observe(lambda _: fired.append("scene"), "scene")
    stepper.observe(lambda _: fired.append("problem"), "problem")
    change(stepper, **params)
    assert fired == ["scene"]


def test_a_change_to_the_same_fires_nothing():
    stepper = Stepper(SMALL)
    fired = []
    stepper.observe(lambda _: fired.append("scene"), "scene")
    change(stepper, **SMALL)
    assert fired == []


REFUSED = {
    "a size that no tile divides": ({"M": 1000}, "M = 1000 is not a multiple of 128"),
    "a size that no block divides": ({"kernel": "blocked", "M": 640}, "M = 640 is not a multiple"),
    "a fraction": ({"M": 512.5}, "M: got 512.5; it needs a whole number"),
    "nothing": ({"K": None}, "K: got nothing; it needs a whole number"),
    "text": ({"N": "many"}, "N: got 'many'; it needs a whole number"),
    "zero": ({"M": 0}, "M: 0 is out of range; it can be 1 to 1,000,000"),
    "a negative block": ({"m_block": -1}, "m_block: -1 is out of range; it can be 1 to 16"),
    "an unknown rung": ({"kernel": "perfect"}, "kernel: 'perfect' is not known; choose one of"),
    "an unknown chip": ({"chip": "trn9"}, "chip: 'trn9' is not known; choose one of trn1"),
    "a list": ({"dtype": []}, "dtype: [] is not known; choose one of"),
    "too much for one tile": ({"kernel": "one_tile"}, "at most 128"),
    "far too much": ({"M": 10**6, "N": 10**6, "K": 10**6}, f"at most {MAX_MATMULS:,}"),
    "more than SBUF holds": (
        {"kernel": "blocked", "dtype": "float32", "M": 1024, "K": 4096, "m_block": 8},
        "SBUF: ",
    ),
}


@pytest.mark.parametrize(("params", "sentence"), REFUSED.values(), ids=REFUSED.keys())
def test_bad_input_is_a_sentence_and_the_last_scene_stays(params, sentence):
    stepper = Stepper(SMALL)
    before = stepper.scene
    change(stepper, **params)
    assert sentence in stepper.problem["text"]
    assert stepper.scene is before
    assert stepper.saved() == Stepper(SMALL).saved()
    change(stepper, **Stepper(SMALL).params)
    assert stepper.problem == {}
    assert stepper.scene["params"] == before["params"]


def test_what_ran_is_told_before_its_time_is_known(monkeypatch):
    stepper, timed, told = Stepper(SMALL), Run.timed, []

    def slow(run: Run) -> Profile:
        told.append(len(column(stepper.program["calls"], "op")) == len(run.trace))
        return timed(run)

    monkeypatch.setattr(Run, "timed", slow)
    change(stepper, K=512)
    assert told == [True]
    assert stepper.program["id"] == stepper.scene["id"]


def test_what_ran_but_did_not_fit_is_taken_back():
    stepper = Stepper(SMALL)
    before = stepper.program
    change(stepper, kernel="blocked", M=1024, N=4096, K=4096, n_block=8, dtype="float32")
    assert "SBUF" in stepper.problem["text"]
    assert stepper.program == before
    assert stepper.program["id"] == stepper.scene["id"]


@pytest.mark.parametrize(
    "params",
    [{"M": 1000}, {"kernel": "one_tile"}, {"kernel": "pipelined", "K": 640}, {"N": 5000, "M": 7}],
)
def test_the_way_out_that_is_offered_is_one(params):
    stepper = Stepper(SMALL)
    change(stepper, **params)
    change(stepper, **stepper.problem["fix"])
    assert stepper.problem == {}
    assert stepper.scene["params"] == {**stepper.params}


def test_a_refusal_costs_no_time_whatever_the_size():
    with pytest.raises(ValueError, match="takes 119,277,961,426 nc_matmuls"):
        Product.of({"M": 10**6, "N": 10**6, "K": 10**6})


def test_nothing_of_the_other_rungs_is_computed_before_the_reveal():
    stepper = opened(SMALL)
    assert stepper.ladder["rungs"] == []
    assert stepper.other == {}


def test_the_reveal_shows_the_engines_time_of_every_rung():
    stepper = Stepper(SMALL)
    send(stepper, revealed=True)
    told = {rung["name"]: rung for rung in stepper.ladder["rungs"]}
    assert list(told) == list(LADDER)
    assert "problem" in told["one_tile"]
    for name in RUNGS:
        product = Product(**SMALL).on_rung(name)
        shapes = [trnlab.shape(sizes, "bfloat16") for sizes in product.shapes]
        run = trnlab.profile(LADDER[name].kernel, *shapes, chip="trn3", **product.blocks)
        assert told[name]["total_us"] == run.total_us
        assert told[name]["intensity"] == run.roofline.intensity


def test_the_obvious_way_is_compared_with_the_fastest_unless_a_rival_is_chosen():
    stepper = opened({**SMALL, "revealed": True})
    took = {r["name"]: r["total_us"] for r in stepper.ladder["rungs"] if "total_us" in r}
    assert stepper.scene["params"]["kernel"] == OBVIOUS
    assert stepper.other["params"]["kernel"] == min(took, key=took.get)
    send(stepper, rival="pipelined")
    assert stepper.other["params"]["kernel"] == "pipelined"
    assert stepper.other["summary"]["total_us"] == took["pipelined"]


def test_blocks_of_other_rungs_are_cut_until_they_divide():
    product = Product(M=640, N=1536, K=384).on_rung("pipelined")
    assert product.blocks == {"m_block": 1, "n_block": 1, "k_block": 3}
    assert product.profile().total_us > 0


def test_values_are_the_engines_and_end_as_numpys_product():
    stepper = Stepper(SMALL)
    trace = stepper.profile.trace
    last = len(trace) - 1
    message = {"kind": "values", "id": stepper.scene["id"], "key": "k", "call": last, "role": "src"}
    [(reply, [data])] = ask(stepper, message)
    lhsT, rhs = (array.astype(np.float32) for array in inputs(Product(**SMALL)))
    corner = (lhsT.T @ rhs)[-128:, -512:]
    stored = corner.astype(inputs(Product(**SMALL))[0].dtype).astype(np.float32)
    assert reply["key"] == "k"
    assert (np.frombuffer(data, np.float32).reshape(reply["shape"]) == stored).all()


@pytest.mark.parametrize(
    ("part", "sentence"),
    [
        ({"call": 10**6}, "is none of"),
        ({"call": "x"}, "is none of"),
        ({"role": "sum"}, "has no"),
        ({"id": -1}, "earlier run"),
    ],
)
def test_values_that_do_not_exist_are_a_sentence(part, sentence):
    stepper = Stepper(SMALL)
    message = {"kind": "values", "id": stepper.scene["id"], "key": "k", "call": 0, "role": "dst"}
    [(reply, buffers)] = ask(stepper, {**message, **part})
    assert sentence in reply["problem"]
    assert buffers == []


def test_values_of_a_large_product_are_refused_with_the_limit():
    stepper = Stepper({"M": 4096, "N": 2048, "K": 2048})
    message = {"kind": "values", "id": stepper.scene["id"], "key": "k", "call": 0, "role": "dst"}
    [(reply, _)] = ask(stepper, message)
    assert "up to 128 nc_matmuls" in reply["problem"]


@pytest.mark.parametrize("message", [{}, {"kind": "values"}, {"kind": "restore", "state": 3}, []])
def test_messages_that_make_no_sense_change_nothing(message):
    stepper = Stepper(SMALL)
    before = stepper.scene
    ask(stepper, message)
    assert stepper.scene is before


def test_the_heartbeat_is_answered():
    assert ask(Stepper(SMALL), {"kind": "ping"}) == [({"kind": "pong"}, [])]


MOMENT = {
    **SMALL,
    "kernel": "hoisted",
    "chip": "trn2",
    "row": 41,
    "guess": 3.0,
    "revealed": True,
    "rival": "blocked",
}


def test_a_saved_state_leads_back_to_the_moment():
    saved = Stepper(MOMENT).saved()
    again = Stepper(json.loads(json.dumps(saved)))
    assert again.saved() == saved
    assert saved.items() >= MOMENT.items()
    assert again.scene["row"] == 41


def test_a_link_carries_the_state():
    saved = Stepper(MOMENT).saved()
    assert link.unpack(link.pack(saved)) == saved
    assert re.fullmatch(r"[\w-]+", link.pack(saved))


def test_the_lesson_opens_at_the_moment_in_the_address(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("QUERY_STRING", f"theme=dark&s={link.pack(MOMENT)}")
    assert lesson().saved().items() >= MOMENT.items()


def test_a_state_in_code_wins_over_the_address(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setenv("QUERY_STRING", f"s={link.pack(MOMENT)}")
    assert lesson(state=SMALL).saved()["kernel"] == OBVIOUS


@pytest.mark.parametrize("text", ["%%%", "e30x", "W10", "bm90", link.pack({"a": "b" * 9000})])
def test_an_address_that_cannot_be_read_is_said_and_the_start_is_shown(text, monkeypatch):
    monkeypatch.setenv("QUERY_STRING", f"s={text}")
    stepper = lesson()
    assert "cannot be read" in stepper.problem["text"]
    assert stepper.scene["params"] == stepper.defaults


HOSTILE = {
    "kernel": "<script>",
    "M": [1],
    "row": -5,
    "rival": ["x"],
    "guess": "5",
    "revealed": 1,
    "extra": {"a": 1},
}


def test_a_state_from_a_stranger_does_no_harm():
    stepper = Stepper(HOSTILE)
    assert stepper.problem["text"]
    assert stepper.scene["params"] == stepper.defaults
    assert (stepper.row, stepper.rival, stepper.guess, stepper.revealed) == (0, "", None, False)


def test_a_row_beyond_the_end_is_the_last_row():
    stepper = Stepper({**SMALL, "row": 10**9})
    assert stepper.row == stepper.profile.timeline.rows - 1


@pytest.mark.parametrize(("chip", "badge"), [("trn1", "modelled"), ("trn3", "predicted")])
def test_times_say_how_far_they_can_be_trusted(chip, badge):
    told = trust.honesty(chip)
    assumed = [fact for fact in spec.chip(chip).core.facts() if fact.status == "assumed"]
    assert told["badge"] == badge
    assert [row["what"] for row in told["assumed"]] == [fact.field for fact in assumed]
    assert told["leaves_out"]


def test_the_module_is_small_and_asks_no_other_host():
    assert len(bundle.module().encode()) < 90_000
    assert re.findall(r"https?://(?!www\.w3\.org/2000/svg)", bundle.module() + bundle.style()) == []


def test_every_javascript_file_is_in_the_module():
    assert sorted(path.stem for path in (bundle.HERE / "js").glob("*.js")) == sorted(bundle.OWN)


def test_colors_come_from_the_theme_alone():
    own = (bundle.HERE / "stepper.css").read_text() + bundle.module()
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(", own) == []


def test_what_nobody_waits_for_is_done_once_for_the_last_of_quick_changes(monkeypatch):
    monkeypatch.setattr("widgets.dashboard.idle.QUIET_S", 0.02)

    async def quick_changes() -> list[int]:
        stepper, told = Stepper({**SMALL, "revealed": True}), []
        stepper.observe(lambda change: told.append(change.new["id"]), "ladder")
        for kernel in ("hoisted", "blocked", "pipelined"):
            stepper.params = {**stepper.params, "kernel": kernel}
        while not told:
            await asyncio.sleep(0.01)
        assert stepper.scene["id"] == 4
        return told

    with concurrent.futures.ThreadPoolExecutor(1) as pool:
        assert pool.submit(asyncio.run, quick_changes()).result(timeout=30) == [4]
