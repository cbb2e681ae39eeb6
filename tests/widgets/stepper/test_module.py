"""What the page is made of."""

import re

import pytest

from trnlab import spec
from widgets.dashboard import trust
from widgets.stepper import bundle


@pytest.mark.parametrize(("chip", "badge"), [("trn1", "modelled"), ("trn3", "predicted")])
def test_times_say_how_far_they_can_be_trusted(chip, badge):
    told = trust.honesty(chip)
    assumed = [fact for fact in spec.chip(chip).core.facts() if fact.status == "assumed"]
    assert told["badge"] == badge
    assert [row["what"] for row in told["assumed"]] == [fact.field for fact in assumed]
    assert told["leaves_out"]


def test_the_module_is_small_and_asks_no_other_host():
    assert len(bundle.module().encode()) < 104_000
    assert re.findall(r"https?://(?!www\.w3\.org/2000/svg)", bundle.module() + bundle.style()) == []


def test_every_javascript_file_is_in_the_module():
    assert sorted(path.stem for path in (bundle.HERE / "js").glob("*.js")) == sorted(bundle.OWN)


def test_colors_come_from_the_theme_alone():
    own = (bundle.HERE / "stepper.css").read_text() + bundle.module()
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(", own) == []
