"""What dashboards share: their JavaScript put together, and state that is restored or refused."""

import base64
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import traitlets

from widgets import numbers
from widgets.balance import BalanceCalculator
from widgets.claims import ClaimBoard
from widgets.cluster_planner.widget import PlannerBoard
from widgets.collective.widget import CollectiveBoard
from widgets.core_diagram import CoreDiagram
from widgets.dashboard import bundle, link
from widgets.dashboard.stateful import Stateful
from widgets.digit_reader import DigitReader
from widgets.machine.widget import MachineBoard
from widgets.numbers.bench import NAMES as PARTS
from widgets.pe_array import PeArray
from widgets.profiler import Profiler
from widgets.stepper import Stepper

STATEFUL = (BalanceCalculator, CoreDiagram, PeArray, DigitReader)
of_each = pytest.mark.parametrize("make", STATEFUL, ids=lambda make: make.__name__)
OTHER = {
    BalanceCalculator: {"chip": "trn1", "k": 64, "uses": 4},
    CoreDiagram: {"chip": "trn2", "selected": "psum"},
    PeArray: {"k": 32, "cycle": 7, "lens": [1, 2]},
    DigitReader: {"index": 5, "dtype": "bfloat16"},
}


def restore(dashboard: Stateful, state: object) -> None:
    """As the browser asks for it."""
    dashboard._handle_custom_msg({"kind": "restore", "state": state}, [])


@of_each
def test_a_saved_state_leads_back(make: Callable[..., Stateful]) -> None:
    dashboard = make(**OTHER[make])
    saved = json.loads(json.dumps(dashboard.saved()))
    assert OTHER[make].items() <= saved.items()
    again = make()
    assert again.saved() != dashboard.saved()
    restore(again, saved)
    assert again.saved() == dashboard.saved() == make(**saved).saved()


@of_each
def test_an_address_leads_back(make: Callable[..., Stateful], monkeypatch) -> None:
    text = link.pack(OTHER[make])
    monkeypatch.setenv("QUERY_STRING", f"s=x&{make.KEY}={text}")
    dashboard = make()
    assert OTHER[make].items() <= json.loads(json.dumps(dashboard.saved())).items()
    assert dashboard.sharing["used"] == text and dashboard.sharing["start"] == _fresh(make)


def _fresh(make: Callable[..., Stateful]) -> dict[str, object]:
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("QUERY_STRING")
        return make().saved()


@of_each
def test_an_address_that_is_none_is_said_and_the_start_is_shown(
    make: Callable[..., Stateful], monkeypatch
) -> None:
    monkeypatch.setenv("QUERY_STRING", f"{make.KEY}=%3Cscript%3E")
    dashboard = make()
    assert "cannot be read" in dashboard.refused
    assert dashboard.saved() == dashboard.sharing["start"]


@of_each
@pytest.mark.parametrize("value", ["<script>", [], None, {"a": 1}, -(10**9), 10**12])
def test_a_state_is_taken_whole_or_not_at_all(make: Callable[..., Stateful], value) -> None:
    dashboard = make()
    before = dashboard.saved()
    for name in make.STATE:
        restore(dashboard, {**OTHER[make], name: value})
        kept = {**before, **OTHER[make]}
        if dashboard.refused:
            assert dashboard.saved() == before, name
        else:  # a value that the dashboard itself answers, such as a shape with a problem
            assert {key: _plain(dashboard.saved()[key]) for key in kept} == {**kept, name: value}
        restore(dashboard, before)
        assert not dashboard.refused


def _plain(value: object) -> object:
    return list(value) if isinstance(value, tuple) else value


@pytest.mark.parametrize("state", [None, [], "text", 3])
def test_what_is_no_state_changes_nothing(state) -> None:
    dashboard = CoreDiagram()
    restore(dashboard, state)
    assert dashboard.saved() == dashboard.sharing["start"] and not dashboard.refused


def test_names_that_are_no_state_are_ignored() -> None:
    dashboard = CoreDiagram()
    restore(dashboard, {"chips": [], "_esm": "alert(1)", "selected": "dma"})
    assert dashboard.chips and dashboard.selected == "dma" and "alert(1)" not in dashboard._esm


BOARDS = {
    "stepper": Stepper,
    "profiler": Profiler,
    "planner": PlannerBoard,
    "machine": MachineBoard,
    "collective": CollectiveBoard,
    "claims": ClaimBoard,
    **{make.__name__: make for make in STATEFUL},
    **{part: lambda part=part: getattr(numbers.lesson({}), part) for part in PARTS},
}


@pytest.mark.parametrize("make", BOARDS.values(), ids=BOARDS)
def test_a_state_of_another_dashboard_is_refused_and_changes_nothing(make) -> None:
    board = make()
    before = board.saved()
    board.restore({"of": "another", "view": {"tab": 1}})
    said = board.refused if hasattr(board, "refused") else board.problem
    said = said["text"] if isinstance(said, dict) else said
    assert said.startswith("This state is not of this dashboard: it has none of ")
    assert board.saved() == before
    board.restore(json.loads(json.dumps(before)))  # the way back
    assert board.saved() == before


def test_a_view_alone_is_a_state() -> None:
    assert link.foreign({"view": {}}, ["kernel"]) == link.foreign({}, ["kernel"]) == ""
    assert link.foreign({"kernel": 1, "of another version": 2}, ["kernel"]) == ""


def test_a_refusal_is_short() -> None:
    dashboard = CoreDiagram()
    restore(dashboard, {"selected": "x" * 5000})
    assert dashboard.refused.startswith("This state cannot be shown.")
    assert len(dashboard.refused) <= 300
    with pytest.raises(traitlets.TraitError):
        CoreDiagram(selected="x")


def test_a_link_is_read_as_it_is_written() -> None:
    state = {"text": "<b>µ</b>", "n": [1, None, True]}
    assert link.unpack(link.pack(state)) == state
    assert "=" not in link.pack(state)
    with pytest.raises(ValueError):
        link.unpack(base64.urlsafe_b64encode(b"[1]").decode())


def test_comments_and_space_go_and_strings_stay(tmp_path: Path) -> None:
    path = tmp_path / "sample.js"
    path.write_text(
        "// head\nconst a = 1; // one\nconst list = [\n  'x // y', // two\n];\n"
        "/** Adds. */\nfunction add() {\n  return `${a} http://x`;\n}\n"
        "/**\n * Twice.\n * One more.\n */\nconst twice = a\n  * 2;\n"
    )
    text = bundle.text([path])
    assert "head" not in text and "one" not in text and "two" not in text and "Adds" not in text
    assert "Twice" not in text and "One more" not in text
    assert "* 2;" in text  # a line of code that begins as one of a comment does
    assert "'x // y'" in text and "http://x" in text


def test_a_scoped_part_leaves_one_name() -> None:
    assert bundle.scoped("toolsOf").startswith("const toolsOf = (() => {")
    assert bundle.scoped("toolsOf").rstrip().endswith("return toolsOf;\n})();")
