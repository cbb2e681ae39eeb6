"""`nki.typing`: annotations only. `tensor[128, 512]` says what a kernel takes, unchecked."""

from typing import Any


class _Annotation(type):
    """A class that may be indexed by anything."""

    def __getitem__(cls, _shape: Any) -> type:
        return cls


class tensor(metaclass=_Annotation):  # noqa: N801
    """A tensor that a kernel reads."""


class mutable_tensor(tensor):  # noqa: N801
    """A tensor that a kernel also writes."""
