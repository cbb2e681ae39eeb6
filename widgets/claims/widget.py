"""The claim board: the learner's choices as traits, answered by the engine's verdicts.

The browser sets the state; the widget sets `card` and `board`, or `problem` (a sentence) and keeps
the last card that worked. A verdict is shown once its claim has a guess.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import traitlets

from trnlab.cluster import claims
from widgets.claims.card import GUESSES, card
from widgets.dashboard import bundle
from widgets.dashboard.stateful import Stateful

HERE = Path(__file__).parent
FIRST = next(iter(claims.CLAIMS))
FILES = ("chart", "controls", "verdict", "evidence", "main")


class ClaimBoard(Stateful):
    """Cards of claims, one at a time. A state that cannot be is explained in `problem`.

    Args:
        claim: its name, a key of `trnlab.cluster.claims.CLAIMS`
        settings: claim -> knob -> position; what is left out is as the claim was meant
        guesses: claim -> "follows", "contradicted" or "open"; its verdict is shown
    """

    _esm = bundle.scoped("toolsOf") + bundle.module(("dom", "heart"), HERE / "js", FILES)
    _css = bundle.style(HERE / "claims.css")
    STATE = ("claim", "settings", "guesses")
    KEY = "s"

    claim = traitlets.Any(FIRST).tag(sync=True)  # as the learner set them, legal or not
    settings = traitlets.Any({}).tag(sync=True)
    guesses = traitlets.Any({}).tag(sync=True)
    choices = traitlets.List().tag(sync=True)  # what can be guessed
    card = traitlets.Dict().tag(sync=True)
    board = traitlets.List().tag(sync=True)
    problem = traitlets.Unicode().tag(sync=True)

    def __init__(self, **state: Any) -> None:
        shown, board = _shown(FIRST, {}, {})
        choices = [[kind, words] for kind, words in GUESSES.items()]
        super().__init__(choices=choices, card=shown, board=board, **state)
        self._answer()

    @traitlets.observe(*STATE)
    def _answer(self, _change: Any = None) -> None:
        try:
            shown, board = _shown(self.claim, self.settings, self.guesses)
        except ValueError as refused:
            self.problem = str(refused)
            return
        with self.hold_sync():
            self.problem, self.card, self.board = "", shown, board

    def _on_message(self, widget: Any, message: Any, buffers: Any) -> None:
        if isinstance(message, dict) and message.get("kind") == "ping":
            self.send({"kind": "pong"})
        super()._on_message(widget, message, buffers)


def _shown(claim: Any, settings: Any, guesses: Any) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The card that is asked for, and one line for each claim.

    Raises:
        ValueError: something of it is not known
    """
    chosen, guessed = _mapping("settings", settings), _mapping("guesses", guesses)
    for name, guess in guessed.items():
        claims.claim(name)
        if guess not in GUESSES:
            raise ValueError(f"{name}: the guess {guess!r:.40} is not one of {', '.join(GUESSES)}")
    own = {name: _mapping(name, chosen.get(name, {})) for name in claims.CLAIMS}
    name = str(claim)
    shown = {**card(name, own.get(name, {})), "guess": guessed.get(name, "")}
    return shown, [_line(each, own[each], guessed.get(each, "")) for each in claims.CLAIMS]


def _line(name: str, settings: Mapping[str, Any], guess: str) -> dict[str, str]:
    """A claim on the board: its verdict only once it was guessed."""
    line = {"name": name, "title": claims.claim(name).title, "guess": guess}
    if not guess:
        return {**line, "mark": "", "kind": ""}
    found = claims.verdict(claims.judge(name, **settings))
    return {**line, "mark": found.mark, "kind": found.kind}


def _mapping(name: str, found: Any) -> Mapping[str, Any]:
    if not isinstance(found, Mapping):
        raise ValueError(f"{name}: {found!r:.60} must be names and values")
    return found
