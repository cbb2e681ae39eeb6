"""TensorE's ramp: after idleness it works at a lower rate for a while, to limit current swings.

Published: it starts at about half the rate, reaches the full rate about 3 us after work begins, and
starts over when it is used for less than half of any window of about 3 us. Here the lower rate
holds until that time has passed. Idle time adds to a deficit, work takes from it; the deficit of a
window that is used too little starts the ramp again, and with it a new window.
"""

from trnlab.spec.engines import TensorEngine


class Ramp:
    """The state of the ramp."""

    def __init__(self, tensor: TensorEngine) -> None:
        self.ramp_s = tensor.ramp_s
        self.factor = 1 / tensor.ramp_rate
        self.threshold = tensor.ramp_threshold
        self.limit_s = self.threshold * (1 - self.threshold) * tensor.ramp_window_s
        self.deficit_s = self.limit_s  # of the window so far
        self.worked_s = 0.0  # since work began

    def since(self, gap_s: float) -> float:
        """How long TensorE has worked when a matmul starts after a gap."""
        self.deficit_s += self.threshold * gap_s
        if self.deficit_s > self.limit_s:
            self.deficit_s = self.worked_s = 0.0
        return self.worked_s

    def slowdown(self, since_s: float) -> float:
        """How many times longer a matmul takes that starts so long after work began."""
        return self.factor if since_s < self.ramp_s else 1.0

    def work(self, busy_s: float, slowdown: float) -> None:
        """A matmul runs."""
        self.worked_s += busy_s * slowdown
        self.deficit_s += busy_s * (self.threshold * slowdown - 1)
        self.deficit_s = max(0.0, self.deficit_s)
