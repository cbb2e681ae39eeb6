"""The claim board: the learner's choices as traits, answered by the engine's verdicts.

The browser sets `params`; the widget sets `card` and `board`, or `problem` (a sentence) and keeps
the last card that worked. A verdict is shown once its claim has a guess.
"""

from collections.abc import Mapping
from typing import Any

import anywidget
import traitlets

from trnlab.cluster import claims
from widgets.claims import bundle
from widgets.claims.card import GUESSES, card
from widgets.dashboard import link

FIRST = next(iter(claims.CLAIMS))
START: dict[str, Any] = {"claim": FIRST, "settings": {}, "guesses": {}}


class ClaimBoard(anywidget.AnyWidget):
    """Cards of claims, one at a time.

    Args:
        state: a dictionary as `saved` returns it; what it leaves out is the default. One that
            cannot be used is said in `problem`, and the start is shown.
    """

    _esm = bundle.module()
    _css = bundle.style()

    params = traitlets.Dict().tag(sync=True)  # as the learner set them, legal or not
    guesses = traitlets.List().tag(sync=True)  # what can be guessed
    card = traitlets.Dict().tag(sync=True)
    board = traitlets.List().tag(sync=True)
    problem = traitlets.Unicode().tag(sync=True)
    address = traitlets.Unicode().tag(sync=True)  # of the page, as far as it was used

    def __init__(self, state: Mapping[str, Any] | None = None) -> None:
        super().__init__(guesses=[[kind, words] for kind, words in GUESSES.items()])
        self.on_msg(self._on_message)
        self.restore(state or {})
        if not self.card:
            text = self.problem
            self.params = START
            self.problem = text

    def saved(self) -> dict[str, Any]:
        """The state: `lesson(state=...)` leads back to it."""
        return dict(self.params)

    def restore(self, state: Mapping[str, Any]) -> None:
        """Show what a saved state describes."""
        self.params = {name: state.get(name, value) for name, value in START.items()}

    @traitlets.observe("params")
    def _on_params(self, _change: Any) -> None:
        try:
            shown, board = _shown(self.params)
        except ValueError as refused:
            self.problem = str(refused)
            return
        with self.hold_sync():
            self.problem, self.card, self.board = "", shown, board

    def _on_message(self, _widget: Any, message: Any, _buffers: Any) -> None:
        kind = message.get("kind") if isinstance(message, dict) else None
        if kind == "ping":
            self.send({"kind": "pong"})
        elif kind == "restore" and isinstance(message.get("state"), dict):
            self.restore(message["state"])


def _shown(params: Mapping[str, Any]) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The card that is asked for, and one line for each claim.

    Raises:
        ValueError: something of it is not known
    """
    settings, guesses = _mapping("settings", params), _mapping("guesses", params)
    for name, guess in guesses.items():
        claims.claim(name)
        if guess not in GUESSES:
            raise ValueError(f"{name}: the guess {guess!r:.40} is not one of {', '.join(GUESSES)}")
    own = {name: _mapping(name, settings) for name in claims.CLAIMS}
    name = str(params["claim"])
    shown = card(name, own.get(name, {}))
    return {**shown, "guess": guesses.get(name, "")}, [
        _line(each, own[each], guesses.get(each, "")) for each in claims.CLAIMS
    ]


def _line(name: str, settings: Mapping[str, Any], guess: str) -> dict[str, str]:
    """A claim on the board: its verdict only once it was guessed."""
    line = {"name": name, "title": claims.claim(name).title, "guess": guess}
    if not guess:
        return {**line, "mark": "", "kind": ""}
    found = claims.verdict(claims.judge(name, **settings))
    return {**line, "mark": found.mark, "kind": found.kind}


def _mapping(name: str, values: Mapping[str, Any]) -> Mapping[str, Any]:
    found = values.get(name, {})
    if not isinstance(found, Mapping):
        raise ValueError(f"{name}: {found!r:.60} must be names and values")
    return found


def lesson(state: Mapping[str, Any] | None = None) -> ClaimBoard:
    """The board, as `state`, or else the page's address, describes."""
    address = link.address()
    if state is not None or not address:
        return ClaimBoard(state)
    try:
        board = ClaimBoard(link.unpack(address))
    except ValueError as refused:
        board = ClaimBoard()
        board.problem = str(refused)
    board.address = address
    return board
