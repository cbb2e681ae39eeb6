"""Models by name: the gallery that comes with trnlab, and whatever a caller describes."""

from __future__ import annotations

from collections.abc import Mapping
from difflib import get_close_matches
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from .config import from_config, read_config
from .transformer import Transformer

_GALLERY = files("trnlab.cluster.models") / "gallery"


def gallery() -> tuple[str, ...]:
    """Names of the models that come with trnlab."""
    names = (entry.name for entry in _GALLERY.iterdir())
    return tuple(sorted(name.removesuffix(".json") for name in names if name.endswith(".json")))


def model(which: str | Path | Mapping[str, Any] | Transformer) -> Transformer:
    """A model by name, by configuration, or as it is.

    Args:
        which: a name of the gallery, or that of the same model on huggingface.co, a dictionary in
            Hugging Face form, the text of a `config.json`, the path of one, or a record
    Raises:
        ValueError: no such model, or a configuration that cannot be read
    """
    if isinstance(which, Transformer):
        return which
    if isinstance(which, Mapping):
        return from_config(which)
    if isinstance(which, Path) or (isinstance(which, str) and _is_text(which)):
        return from_config(read_config(which))
    if not isinstance(which, str):
        raise ValueError(
            f"model: a name, a dictionary or a file describes a model, not a {type(which).__name__}"
        )
    name = which.strip().lower()
    name = _by_address().get(name, name)
    if name not in gallery():
        near = get_close_matches(name, gallery(), n=1)
        meant = f" Did you mean {near[0]!r}?" if near else ""
        raise ValueError(
            f"model: {which[:80]!r} is not in the gallery; it has {', '.join(gallery())}.{meant} "
            "Another model is given by its config.json."
        )
    return _shipped(name)


def _is_text(which: str) -> bool:
    return which.lstrip().startswith("{") or which.endswith((".json", ".png", ".jpg", ".txt"))


@lru_cache(maxsize=1)
def _by_address() -> dict[str, str]:
    """Names of the gallery by those that huggingface.co has for their models."""
    addresses = {name: _shipped(name).source.split("/")[1:3] for name in gallery()}
    return {"/".join(address).lower(): name for name, address in addresses.items()}


@lru_cache(maxsize=64)
def _shipped(name: str) -> Transformer:
    config = read_config((_GALLERY / f"{name}.json").read_bytes())
    source = f"huggingface.co/{config['_name_or_path']}/config.json"
    return from_config(config, name, source)
