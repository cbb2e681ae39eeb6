"""A dashboard whose state is some of its traits: a link, a JSON, a cell; restored or refused."""

import re
from collections.abc import Mapping
from typing import Any, ClassVar

import anywidget
import traitlets

from widgets.dashboard import link

MAX_WORDS = 300  # of a refusal, which may repeat what was asked for
TRAIT = re.compile(r"(?:The value of )?[Tt]he ('\w+') trait of an? \w+ instance")


class Stateful(anywidget.AnyWidget):
    """State in, state out. A page's address restores it; `toolsOf` in `js/tools.js` shows it.

    `STATE` names the traits, `QUIET` those of them that are no step of undo, `KEY` the parameter
    of the address.
    """

    STATE: ClassVar[tuple[str, ...]] = ()
    QUIET: ClassVar[tuple[str, ...]] = ()
    KEY: ClassVar[str] = ""

    sharing = traitlets.Dict().tag(sync=True)
    refused = traitlets.Unicode().tag(sync=True)  # why the last state could not be shown

    def __init__(self, **traits: Any) -> None:
        super().__init__(**traits)
        kind = type(self)
        address = link.address(self.KEY)
        self.sharing = {
            "names": self.STATE,
            "quiet": self.QUIET,
            "key": self.KEY,
            "start": self.saved(),
            "used": address,
            "module": kind.__module__.rpartition(".")[0],
            "name": kind.__name__,
        }
        self.on_msg(self._on_message)
        if address:
            self._restore_address(address)

    def saved(self) -> dict[str, Any]:
        """The state: given to the constructor, it leads back to it."""
        return {name: getattr(self, name) for name in self.STATE}

    def restore(self, state: Mapping[str, Any]) -> None:
        """Show a saved state, all of it or nothing: what it leaves out stays, what it has too many
        is ignored; why it cannot be is said in `refused`."""
        if refused := link.foreign(state, self.STATE):
            self.refused = refused
            return
        try:
            with self.hold_trait_notifications():
                for name in self.STATE:
                    if name in state:
                        setattr(self, name, state[name])
        except (traitlets.TraitError, OverflowError) as error:
            what = TRAIT.sub(r"\1", str(error))
            self.refused = f"This state cannot be shown. {what}"[:MAX_WORDS]
        else:
            self.refused = ""

    def _restore_address(self, address: str) -> None:
        try:
            self.restore(link.unpack(address))
        except ValueError as refused:
            self.refused = str(refused)

    def _on_message(self, _widget: Any, message: Any, _buffers: Any) -> None:
        if isinstance(message, dict) and message.get("kind") == "restore":
            state = message.get("state")
            if isinstance(state, dict):
                self.restore(state)
