"""The launch claims as cards: predict, see the verdict that the engine computes, turn the knobs.

from widgets.claims import lesson

lesson()                                        # in Voila: as the address says
lesson(state={"claim": "memory"})
"""

from widgets.claims.widget import ClaimBoard, lesson

__all__ = ["ClaimBoard", "lesson"]
