"""Prepared charts are what Altair gives now, refuse other data, and need no compiler."""

import gzip
import subprocess
import sys

import pytest

import trnlab
from trnlab.kernels.matmul import hoisted, tiled
from widgets.chart import Chart, build, ladder, roofline
from widgets.chart.chart import SPECS, VEGA, names

RUNGS = {"kernel": ["tiled"], "time_us": [1.5], "mfu": [0.25], "current": [True]}


@pytest.fixture(scope="module")
def profiles():
    sizes = [trnlab.shape((256, width), "bfloat16") for width in (128, 512)]
    return {"tiled": trnlab.profile(tiled, *sizes), "hoisted": trnlab.profile(hoisted, *sizes)}


@pytest.mark.parametrize("name", build.CHARTS)
def test_the_specification_is_what_altair_gives_now(name):
    assert (SPECS / f"{name}.json").read_text(encoding="utf-8") == build.compiled(name)


def test_every_specification_has_its_definition():
    assert names() == sorted(build.CHARTS)


@pytest.mark.slow
def test_the_bundle_is_what_the_compiler_gives_now():
    assert gzip.decompress(VEGA.read_bytes()) == build.bundle()


def test_profiles_become_what_the_charts_read(profiles):
    chart = Chart("roofline", **roofline.data(profiles, current="tiled"))
    assert chart.data["points"]["current"] == [True, False]
    assert chart.data["points"]["intensity"][0] == profiles["tiled"].roofline.intensity
    roof = profiles["tiled"].roofline
    assert max(chart.data["roof"]["tflops"]) == pytest.approx(roof.peak_flops_per_s / 1e12)

    chart = Chart("ladder", **ladder.data(profiles, current="hoisted"))
    assert chart.data["rungs"]["time_us"] == [one.total_us for one in profiles.values()]
    assert f"tiled takes {profiles['tiled'].total_us:,.4g} us" in chart.description


def test_new_data_changes_the_words_at_once():
    chart = Chart("ladder", rungs=RUNGS)
    assert chart.description == "Time of each rung. tiled takes 1.5 us at 25.0% MFU."
    chart.show(rungs={**RUNGS, "time_us": [3.0]})
    assert chart.description == "Time of each rung. tiled takes 3 us at 25.0% MFU."


def test_charts_share_one_bundle():
    first, second = Chart("ladder", rungs=RUNGS), Chart("ladder", rungs=RUNGS)
    assert first._vega is second._vega


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (
            lambda: Chart("pie"),
            "Chart: there is no chart 'pie'; there are ladder, roofline, validation",
        ),
        (
            lambda: Chart("ladder", bars=RUNGS),
            "Time of each rung: got data bars; the chart reads rungs",
        ),
        (
            lambda: Chart("ladder", rungs={"kernel": ["a"]}),
            "Time of each rung: rungs has columns kernel;"
            " the chart reads kernel, time_us, mfu, current",
        ),
        (
            lambda: Chart("ladder", rungs={**RUNGS, "mfu": []}),
            "Time of each rung: the columns of rungs are not equally long",
        ),
    ],
)
def test_other_data_is_refused_with_a_sentence(make, message):
    with pytest.raises(ValueError) as refused:
        make()
    assert str(refused.value) == message


def test_a_kernel_with_a_chart_imports_no_altair_and_no_compiler():
    code = "import sys, widgets.chart.ladder; print({'altair', 'vl_convert'} & set(sys.modules))"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "set()"
