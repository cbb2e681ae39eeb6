"""The launch claims put to the test: each verdict is computed from published figures.

>>> from trnlab.cluster import claims
>>> judged = claims.judge("faster", format="bfloat16")
>>> round(judged.found, 2), claims.verdict(judged).text
(2.26, 'Contradicted by the published figures.')
"""

from __future__ import annotations

from .catalog import CLAIMS
from .records import Claim, Dial, Evidence, Judgement, Knob, Option, Share
from .settings import Cell, claim, defaults, judge, outlook, settle
from .verdict import CONTRADICTED, FOLLOWS, OPEN, Verdict, holds, verdict

__all__ = [
    "CLAIMS",
    "CONTRADICTED",
    "FOLLOWS",
    "OPEN",
    "Cell",
    "Claim",
    "Dial",
    "Evidence",
    "Judgement",
    "Knob",
    "Option",
    "Share",
    "Verdict",
    "claim",
    "defaults",
    "holds",
    "judge",
    "outlook",
    "settle",
    "verdict",
]
