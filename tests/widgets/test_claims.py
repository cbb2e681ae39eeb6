"""The claim board without a browser: what it sends is what the engine says."""

import json

import pytest

from trnlab.cluster import claims
from widgets.claims import ClaimBoard
from widgets.claims.card import GUESSES, card, quantity
from widgets.dashboard import link


@pytest.fixture
def board():
    return ClaimBoard()


def asked(board, **part):
    board.restore(part)
    return board


def test_it_starts_with_the_first_claim_and_no_verdict_on_the_board(board):
    assert (board.card["name"], board.card["guess"], board.problem) == ("faster", "", "")
    assert [line["name"] for line in board.board] == list(claims.CLAIMS)
    assert {line["mark"] for line in board.board} == {""}


@pytest.mark.parametrize("name", claims.CLAIMS)
def test_a_card_shows_what_the_engine_says(board, name):
    asked(board, claim=name)
    judged = claims.judge(name)
    found = claims.verdict(judged)
    assert (board.card["kind"], board.card["verdict"]) == (found.kind, found.text)
    assert board.card["found_value"] == judged.found
    assert len(board.card["evidence"]) == len(judged.evidence)
    assert len(board.card["map"]["cells"]) == len(claims.outlook(name, {}))
    json.dumps(board.card)


def test_a_knob_changes_the_verdict_in_place(board):
    asked(board, guesses={"faster": "follows"})
    assert board.board[0]["mark"] == "✓"
    asked(board, settings={"faster": {"format": "bfloat16"}})
    assert (board.card["kind"], board.board[0]["mark"]) == ("contradicted", "✗")
    assert board.card["found_value"] == claims.judge("faster", format="bfloat16").found
    assert board.card["meant"] == "follows"  # what the guess was about


def test_a_guess_shows_the_verdict_of_its_claim_alone(board):
    asked(board, guesses={"memory": "open"})
    assert {line["name"]: line["mark"] for line in board.board if line["mark"]} == {"memory": "✗"}


@pytest.mark.parametrize(
    ("part", "message"),
    [
        ({"claim": "speed"}, "claim: 'speed' is not one of"),
        ({"claim": ["faster"]}, "is not one of"),
        ({"settings": {"memory": {"quantity": "int4"}}}, "'int4' is not one of"),
        ({"settings": {"faster": 7}}, "faster: 7 must be names and values"),
        ({"settings": "all"}, "settings: 'all' must be names and values"),
        ({"guesses": {"faster": "maybe"}}, "the guess 'maybe' is not one of"),
        ({"guesses": {"nobody": "open"}}, "claim: 'nobody' is not one of"),
    ],
)
def test_what_cannot_be_is_said_and_the_last_card_stays(board, part, message):
    asked(board, claim="memory")
    before = board.card
    asked(board, **part)
    assert message in board.problem
    assert board.card == before
    board.restore({"claim": "chips", "settings": {}, "guesses": {}})
    assert (board.problem, board.card["name"]) == ("", "chips")


def test_a_setting_of_a_claim_that_is_not_shown_is_checked_when_it_is(board):
    asked(board, settings={"memory": {"quantity": "tape"}})
    assert board.problem == ""
    asked(board, claim="memory")
    assert "'tape' is not one of" in board.problem


def test_a_saved_state_leads_back(board):
    settings = {"energy": {"power": "own", "watts": "650"}}
    asked(board, claim="energy", settings=settings, guesses={"energy": "open"})
    again = ClaimBoard(**board.saved())
    assert again.card == board.card and again.board == board.board


def test_an_address_is_read_and_a_broken_one_is_said(monkeypatch):
    state = {"claim": "price", "guesses": {"price": "open"}}
    monkeypatch.setenv("QUERY_STRING", f"s={link.pack(state)}")
    assert ClaimBoard().card["name"] == "price"
    monkeypatch.setenv("QUERY_STRING", "s=%%%")
    broken = ClaimBoard()
    assert "cannot be read" in broken.refused and broken.card["name"] == "faster"


def test_a_bad_state_shows_the_start_and_says_why():
    board = ClaimBoard(claim="everything")
    assert "'everything' is not one of" in board.problem and board.card["name"] == "faster"


@pytest.mark.parametrize("name", claims.CLAIMS)
def test_as_it_was_meant_a_verdict_can_be_guessed(name):
    shown = card(name, {})
    assert shown["meant"] == shown["kind"] and shown["kind"] in GUESSES
    assert shown["question"].endswith("?") and len(shown["settles"]) >= 2


@pytest.mark.parametrize(
    ("value", "unit", "text"),
    [
        (20_736 * 2**30, "B", "22.27 TB"),
        (362.448e15, "FLOP/s", "362.4 PFLOP/s"),
        (2.517e21, "FLOP/s", "2,517 EFLOP/s"),
        (1.495e9, "W", "1.5 GW"),
        (691.4, "W", "691.4 W"),
    ],
)
def test_figures_are_written_as_the_field_writes_them(value, unit, text):
    assert quantity(value, unit) == text
