"""The profiler without a browser: what it sends is what the engine says."""

import json
import subprocess
import sys

import numpy as np
import pytest

import trnlab
import trnlab.nki.language as nl
from trnlab import nki, spec
from trnlab.nki import isa as nisa
from widgets.core_diagram.labels import title
from widgets.profiler import Profiler, bundle, constants, lesson, scene, why
from widgets.profiler.gallery import GALLERY
from widgets.profiler.request import Request


@pytest.fixture
def profiler():
    return settled(lesson())


def settled(profiler):
    """What follows when the kernel is idle has happened, whatever loop runs."""
    profiler.settle()
    return profiler


def asked(profiler, **part):
    profiler.params = {**profiler.params, **part}
    return settled(profiler)


def column(table, name):
    return np.frombuffer(table[name]["data"], table[name]["type"])


@nki.jit
def copy(x):
    result = nl.ndarray(x.shape, dtype=x.dtype, buffer=nl.shared_hbm, name="result")
    tile = nl.ndarray(x.shape, dtype=x.dtype, buffer=nl.sbuf, name="tile")
    nisa.dma_copy(dst=tile, src=x)
    nisa.dma_copy(dst=result, src=tile)
    return result


SIZES = [(name, size) for name, entry in GALLERY.items() for size in entry.sizes]


@pytest.mark.parametrize(("name", "size"), SIZES, ids=lambda value: value)
def test_every_size_of_the_gallery_runs_in_a_moment_on_trainium3(name, size):
    run = GALLERY[name].profile(size, "trn3")
    assert 0 < run.total_us
    assert run.timeline.rows < 20_000


@pytest.mark.parametrize("chip", ["trn1", "trn2"])
@pytest.mark.parametrize("name", GALLERY)
def test_on_other_chips_every_kernel_runs_or_a_sentence_says_why_not(name, chip):
    entry = GALLERY[name]
    try:
        assert entry.profile(next(iter(entry.sizes)), chip).total_us > 0
    except ValueError as refused:
        assert len(str(refused)) > 20


def test_rows_are_the_timeline_in_microseconds(profiler):
    rows, line = profiler.scene["rows"], profiler.profile.timeline
    assert column(rows, "start").tolist() == (line["start_s"] * 1e6).tolist()
    assert column(rows, "busy") == pytest.approx(line["busy_s"] * 1e6)
    readable = column(rows, "start") + column(rows, "busy") + column(rows, "tail")
    assert readable == pytest.approx(line["end_s"] * 1e6, rel=1e-5)
    for name in ("call", "line", "lane", "op", "engine", "wait_kind", "wait_on", "bytes"):
        assert column(rows, name).tolist() == line[name].tolist()


def test_a_row_is_named_after_the_tile_that_its_call_writes(profiler):
    names, rows = profiler.scene["names"], profiler.scene["rows"]
    trace = profiler.profile.trace
    for row in (0, 5, 100):
        call = trace.call(int(column(rows, "call")[row]))
        assert names["tiles"][column(rows, "tile")[row]] == call.operands[0].tensor.name


@pytest.mark.parametrize("name", ["blocked", "attention", "softmax"])
def test_memory_over_time_adds_up_the_tiles_that_live(name):
    run = GALLERY[name].profile(next(iter(GALLERY[name].sizes)), "trn3")
    shown, tiles = scene.scene(run), run.tiles
    start, end = tiles["start_s"] * 1e6, tiles["end_s"] * 1e6
    for at in np.linspace(0.01, run.total_us, 23):
        alive = (start <= at) & (at < end)
        held = tiles["bytes_per_partition"][alive & (tiles["memory"] == 0)].sum()
        assert level(shown["sbuf"], at) == pytest.approx(held)
        banks = set(tiles["bank"][alive & (tiles["memory"] == 1)].tolist())
        assert level(shown["psum"], at) == len(banks)
    assert shown["psum"]["most"] <= run.core.psum.banks


def level(counter, at):
    place = np.searchsorted(column(counter, "at"), at, side="right")
    return column(counter, "level")[place - 1] if place else 0


def test_causes_are_the_engines_and_their_order_is_kept(profiler):
    found = profiler.profile.explain()
    assert [cause["name"] for cause in profiler.why["causes"]] == [c.name for c in found.causes]
    assert [cause["us"] for cause in profiler.why["causes"]] == pytest.approx(
        [c.saved_s * 1e6 for c in found.causes]
    )


@pytest.mark.parametrize("name", ["tiled", "attention", "top_k"])
def test_the_parts_of_the_critical_path_add_up_to_the_total(name):
    entry = GALLERY[name]
    run = entry.profile(next(iter(entry.sizes)), "trn3")
    found = why.path(run, entry.kernel)
    parts = sum(part["us"] for part in found["parts"]) + found["rest_us"]
    assert parts == pytest.approx(run.total_us)


def test_a_part_of_the_path_shows_its_line_of_the_kernel(profiler):
    first = profiler.why["parts"][0]
    text = trnlab.kernels.matmul.__file__
    with open(text, encoding="utf-8") as file:
        assert first["code"] == file.read().splitlines()[first["line"] - 1].strip()


def test_what_a_cause_shows_exists_in_the_timeline():
    waits, engines = trnlab.profile(copy, trnlab.shape((128, 64))).timeline.wait_kinds, "tensor dma"
    for shown in (*why.SHOWN.values(), why.TRANSFERS):
        assert shown.get("wait", "data") in waits
        assert shown.get("engine", "dma") in engines


def test_the_range_is_the_band_of_the_run(profiler):
    band = profiler.profile.band
    assert profiler.band["fast_us"] == band.fast_s * 1e6
    assert profiler.band["slow_us"] == band.slow_s * 1e6
    assert band.effects[0].field == "dma.swdge_s"
    assert profiler.band["effects"][0]["name"] == "DMA: one transfer with descriptors by GpSimd"
    assert profiler.band["effects"][0]["why"].startswith("dma.swdge_s. ")


@pytest.mark.parametrize("chip", list(spec.CHIPS))
def test_every_assumed_constant_has_a_name_in_words(chip):
    assumed = [fact.field for fact in spec.chip(chip).core.facts() if fact.assumption]
    names = [title(field) for field in assumed]
    assert not set(names) & set(assumed) and len(set(names)) == len(names)


def test_a_slider_shows_the_run_on_the_changed_core(profiler):
    before = profiler.profile
    asked(profiler, constants={"dma.swdge_s": 3e-7})
    changed = before.on(before.core.with_({"dma.swdge_s": 3e-7}))
    assert profiler.scene["summary"]["total_us"] == changed.total_us
    assert profiler.scene["base_us"] == before.total_us
    asked(profiler, constants={})
    assert profiler.scene["summary"]["total_us"] == before.total_us


@pytest.mark.parametrize("chip", spec.CHIPS)
def test_every_slider_goes_from_end_to_end(chip):
    core = spec.chip(chip).core
    for field in constants.fields(core):
        assert field["min"] <= field["value"] <= field["max"]
        for end in (field["min"], field["max"]):
            name = field["name"]
            found = constants.changed(core, {name: end / field["scale"]}).fact(name).value
            assert found == pytest.approx(end / field["scale"])


def test_an_assumed_constant_ranges_between_its_bounds(profiler):
    fact = profiler.profile.core.fact("semaphore_s")
    field = next(field for field in profiler.fields if field["name"] == "semaphore_s")
    assert field["status"] == "assumed"
    assert (field["min"], field["max"]) == pytest.approx(
        (fact.assumption.low * 1e9, fact.assumption.high * 1e9)
    )


REFUSED = [
    ({"kernel": "nothing"}, "kernel: 'nothing' is not known; choose one of one_tile, tiled"),
    ({"kernel": ["tiled"]}, "is not known"),
    ({"size": "100000"}, "size: '100000' is not known; choose one of 1024, 2048"),
    ({"chip": "trn9"}, "chip: 'trn9' is not known; choose one of trn1, trn2, trn3"),
    ({"rival": "<script>"}, "compare with: '<script>' is not known"),
    ({"constants": {"dma.swdge_s": 1.0}}, "is out of range; it can be from 300 to 900 ns."),
    ({"constants": {"dma.swdge_s": None}}, "this needs a number from 300 to 900 ns."),
    ({"constants": {"tensor.rows": 64}}, "'tensor.rows' has no slider"),
    ({"constants": 5}, "must be names and numbers"),
]


@pytest.mark.parametrize(("part", "words"), REFUSED)
def test_a_bad_request_is_said_and_the_last_picture_stays(profiler, part, words):
    before = profiler.scene
    asked(profiler, **part)
    assert words in profiler.problem
    assert profiler.scene is before
    asked(profiler, **{**Request().__dict__, "chip": "trn2"})
    assert profiler.problem == ""
    assert profiler.scene["key"] == ("tiled", "1024", "trn2")


def test_the_comparison_is_the_engines(profiler):
    asked(profiler, rival="blocked")
    rival = GALLERY["blocked"].profile("1024", "trn3")
    pairs = profiler.profile.compare(rival).pairs
    assert [pair[2:] for pair in profiler.other["pairs"]] == [[p.first, p.second] for p in pairs]
    assert profiler.other["summary"]["total_us"] == rival.total_us
    asked(profiler, rival="")
    assert "rows" not in profiler.other


def test_a_kernel_compared_with_itself_has_the_models_constants(profiler):
    asked(profiler, rival="tiled", constants={"dma.swdge_s": 3e-7})
    assert profiler.other["summary"]["total_us"] == profiler.scene["base_us"]


def test_the_roofline_follows_the_run(profiler):
    chart = profiler.roofline
    asked(profiler, kernel="blocked")
    assert chart.data["points"]["tflops"] == [profiler.profile.roofline.flops_per_s / 1e12]
    asked(profiler, rival="tiled")
    assert len(chart.data["points"]["kernel"]) == 2
    asked(profiler, kernel="softmax", size="4096x2048", rival="")
    assert chart.data["points"]["kernel"] == []  # no FLOP on TensorE: no place on a log axis


def test_a_state_leads_back(profiler):
    constant = {"semaphore_s": 1e-7}
    asked(profiler, kernel="attention", size="1024", rival="softmax", constants=constant)
    profiler.view = {"row": 7, "tab": "path"}
    again = lesson(json.loads(json.dumps(profiler.saved())))
    assert again.saved() == profiler.saved()
    assert again.scene["summary"] == profiler.scene["summary"]


def test_a_state_that_cannot_be_used_is_said_over_the_first_picture():
    profiler = lesson({"kernel": "nothing"})
    assert "'nothing' is not known" in profiler.problem
    assert profiler.scene["key"] == ("tiled", "1024", "trn3")


def test_a_kernel_of_ones_own_stands_first_in_the_gallery():
    x = np.ones((128, 64), np.float32)
    profiler = settled(lesson(kernel=copy, inputs=[x]))
    assert profiler.gallery[0]["title"] == "copy"
    assert profiler.scene["summary"]["total_us"] == trnlab.profile(copy, x).total_us
    assert profiler.why["parts"][0]["code"].startswith("nisa.dma_copy")
    asked(profiler, rival="softmax")
    assert profiler.other["summary"]["name"] == "softmax"


@nki.jit
def in_two_halves(x):
    """Two tiles at one address, in different partitions."""
    out = nl.ndarray(x.shape, x.dtype, nl.shared_hbm)
    tiles = [nl.ndarray((64, x.shape[1]), x.dtype, address=(64 * i, 0)) for i in range(2)]
    for i, part in enumerate(tiles):
        nisa.dma_copy(dst=part, src=x[64 * i : 64 * i + 64])
    for i, part in enumerate(tiles):
        nisa.dma_copy(dst=out[64 * i : 64 * i + 64], src=part)
    return out


def test_sbuf_is_as_full_as_its_fullest_partition():
    profiler = lesson(kernel=in_two_halves, inputs=trnlab.shape((128, 32 * 1024)))
    assert profiler.scene["sbuf"]["most"] == 128 * 1024


def test_a_kernel_of_ones_own_that_is_refused_leaves_the_gallery():
    profiler = lesson(kernel=copy, inputs=[trnlab.shape((256, 64))])
    assert "256" in profiler.problem
    assert profiler.scene["key"][0] == "tiled"


@nki.jit
def for_one_chip(x):
    """Fails on all others."""
    if nisa.get_nc_version() != nisa.nc_version.gen4:
        raise RuntimeError("written\nfor Trainium3")
    return copy(x)


def test_a_kernel_of_ones_own_that_fails_is_said_and_the_last_run_stays():
    profiler = lesson(kernel=for_one_chip, inputs=trnlab.shape((128, 64)))
    assert not profiler.problem
    shown = profiler.scene
    asked(profiler, chip="trn2")
    failed = "The kernel failed: RuntimeError: written for Trainium3 (test_profiler.py, line "
    assert profiler.problem.startswith(failed)
    assert profiler.scene == shown
    asked(profiler, chip="trn3")
    assert not profiler.problem


@nki.jit
def endless_on_trainium2(x):
    """Somebody's loop that never ends, and who stops it."""
    if nisa.get_nc_version() == nisa.nc_version.gen3:
        raise KeyboardInterrupt
    return copy(x)


def test_a_run_that_is_stopped_is_said_and_the_last_one_stays():
    profiler = lesson(kernel=endless_on_trainium2, inputs=trnlab.shape((128, 64)))
    shown = profiler.scene
    asked(profiler, chip="trn2")
    assert profiler.problem.startswith("The run was stopped before it ended")
    assert profiler.scene == shown
    asked(profiler, chip="trn1")
    assert not profiler.problem


def test_a_cell_that_is_stopped_before_it_shows_anything_stays_stopped():
    with pytest.raises(KeyboardInterrupt):
        lesson(kernel=endless_on_trainium2, inputs=trnlab.shape((128, 64)), chip="trn2")


def test_inputs_that_are_missing_are_said():
    expected = "The kernel failed: TypeError: copy() missing 1 required positional argument: 'x'"
    assert lesson(kernel=copy).problem == expected


def said(profiler, message):
    answers = []
    profiler.send = lambda content, buffers=None: answers.append((content, buffers))
    profiler._handle_custom_msg(message, [])
    return answers


def test_a_row_is_explained_in_the_engines_words(profiler):
    line = profiler.profile.timeline
    row = int(np.argmax(line["wait_s"]))
    ((answer, _),) = said(profiler, {"kind": "wait", "id": profiler.scene["id"], "row": row})
    assert answer["text"] == line.wait_text(row).replace(" us", " µs")


@pytest.mark.parametrize("row", [-1, 10**9, "5", None, 1.5])
def test_a_row_that_does_not_exist_has_no_words(profiler, row):
    assert said(profiler, {"kind": "wait", "id": profiler.scene["id"], "row": row}) == []


@pytest.mark.parametrize("message", [None, 5, [], {"kind": "restore", "state": 5}, {"kind": "run"}])
def test_messages_that_mean_nothing_are_ignored(profiler, message):
    assert said(profiler, message) == []


def test_the_perfetto_trace_is_the_engines(profiler, tmp_path):
    ((answer, buffers),) = said(profiler, {"kind": "perfetto"})
    profiler.profile.to_perfetto(tmp_path / "trace.json")
    assert answer["name"] == "tiled-trn3.json"
    assert buffers[0] == (tmp_path / "trace.json").read_bytes()


def test_the_code_is_the_kernels_own_and_holds_every_line_that_ran(profiler):
    listed = {
        part["first"] + i: line for part in profiler.source for i, line in enumerate(part["lines"])
    }
    assert set(column(profiler.scene["rows"], "line").tolist()) <= listed.keys()
    assert "def tiled(lhsT, rhs):" in listed.values()
    asked(profiler, kernel="softmax", size="1024x512")
    assert any("def softmax" in line for part in profiler.source for line in part["lines"])


def test_the_explanation_of_a_long_run_is_told_cause_by_cause_and_can_be_stopped(monkeypatch):
    monkeypatch.setattr("widgets.profiler.widget.LONG_ROWS", 100)
    profiler = lesson()
    steps = profiler._explain()
    next(steps)
    next(steps)
    assert 0 < profiler.why["share"] < 1 and "causes" not in profiler.why
    said(profiler, {"kind": "stop"})
    assert profiler.why["problem"].startswith("Stopped.")
    asked(profiler, chip="trn2")
    assert profiler.why["causes"] and "share" not in profiler.why
    said(profiler, {"kind": "stop"})  # it is over
    assert profiler.why["causes"]


def test_the_module_is_small_and_fetches_nothing():
    module = bundle.module()
    assert len(module.encode()) < 90_000
    assert "http" not in module.replace("http://www.w3.org/2000/svg", "")
    assert "eval(" not in module


def test_a_kernel_that_shows_the_profiler_imports_neither_altair_nor_pandas():
    code = (
        "import sys; from widgets.profiler import lesson, validation; lesson(); validation();"
        "sys.exit(bool({'altair', 'pandas', 'vl_convert', 'matplotlib'} & set(sys.modules)))"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_a_page_offers_no_kernel_but_the_gallerys():
    assert "own" not in [entry["name"] for entry in Profiler().gallery]
    assert "is not known" in Profiler({"kernel": "own", "size": "given"}).problem


@pytest.mark.parametrize(("chip", "prepared"), [("trn1", True), ("trn2", False), ("trn3", False)])
def test_the_slider_of_a_descriptor_is_the_one_that_the_core_uses(
    chip: str, prepared: bool
) -> None:
    names = {field["name"] for field in constants.fields(spec.chip(chip).core)}
    assert ("dma.prepared_descriptor_s" in names) == prepared
    assert ("dma.descriptor_s" in names) == ("dma.swdge_s" in names) == (not prepared)
