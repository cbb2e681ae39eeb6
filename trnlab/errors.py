"""What the engine says when a kernel asks for what the device would refuse.

Text = operation, what was asked, what is allowed and, where known, the way out.
"""


class KernelError(ValueError):
    """The device, or its compiler, would refuse this."""


class CapacityError(KernelError):
    """The live tiles do not fit into SBUF or PSUM."""


class RaceError(KernelError):
    """Two cores touch the same memory, and nothing orders them."""


class RaceWarning(UserWarning):
    """The pieces of one DMA, or two cores without effect on values, touch the same memory."""


class UnwrittenWarning(UserWarning):
    """A kernel reads, or returns, memory of which it has written only a part."""


class LimitError(ValueError):
    """The work is legal on the device but too large for this simulator."""
