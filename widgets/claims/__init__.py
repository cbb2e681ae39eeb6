"""The launch claims as cards: predict, see the verdict that the engine computes, turn the knobs.

from widgets.claims import ClaimBoard

ClaimBoard()                                    # in Voila: as the address says
ClaimBoard(claim="memory", guesses={"memory": "open"})
"""

from widgets.claims.widget import ClaimBoard

__all__ = ["ClaimBoard"]
