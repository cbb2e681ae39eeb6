"""All claims, in the order of the lesson."""

from __future__ import annotations

from .chip import CHIP
from .energy import ENERGY
from .memory import MEMORY
from .price import PRICE_CLAIM
from .served import SERVED
from .size import CHIPS, CLUSTER
from .speed import FASTER
from .trainium4 import TRAINIUM4_CLAIM

CLAIMS = {
    claim.name: claim
    for claim in (
        FASTER,
        CHIP,
        MEMORY,
        CHIPS,
        CLUSTER,
        ENERGY,
        SERVED,
        PRICE_CLAIM,
        TRAINIUM4_CLAIM,
    )
}
