"""Colors are readable on each background and stay apart for every eye, and in greyscale."""

import itertools
import re

import numpy as np
import pytest

from widgets import theme

ENGINES = ("tensor", "vector", "scalar", "gpsimd", "sync", "dma")
MEMORIES = ("hbm", "sbuf", "psum")
BACKGROUNDS = ("bg", "surface", "raised")

# Full dichromacy in linear RGB. Source: Machado, Oliveira, Fernandes, IEEE TVCG 15(6), 2009.
EYES = {
    "normal": np.eye(3),
    "protan": np.array(
        [
            [0.152286, 1.052583, -0.204868],
            [0.114503, 0.786281, 0.099216],
            [-0.003882, -0.048116, 1.051998],
        ]
    ),
    "deutan": np.array(
        [
            [0.367322, 0.860646, -0.227968],
            [0.280085, 0.672501, 0.047413],
            [-0.011820, 0.042940, 0.968881],
        ]
    ),
    "tritan": np.array(
        [
            [1.255528, -0.076749, -0.178779],
            [-0.078411, 0.930809, 0.147602],
            [0.004733, 0.691367, 0.303900],
        ]
    ),
}
# Linear RGB to Oklab. Source: Ottosson, "A perceptual color space for image processing", 2020.
TO_LMS = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_LAB = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)


def _blocks() -> dict[str, dict[str, str]]:
    """The token tables of theme.css: one light, and dark twice."""
    bodies = re.findall(r"([^{}]+)\{([^{}]*--trn-bg: #[^{}]*)\}", theme.css())
    names = ("light", "dark by setting", "dark by name")
    assert len(bodies) == len(names)
    return {
        name: dict(re.findall(r"--trn-([a-z0-9-]+): (#[0-9a-f]{6});", body))
        for name, (_, body) in zip(names, bodies, strict=True)
    }


BLOCKS = _blocks()
SCHEMES = ("light", "dark by name")


def _linear(color: str) -> np.ndarray:
    code = np.array([int(color[i : i + 2], 16) for i in (1, 3, 5)]) / 255
    return np.where(code <= 0.04045, code / 12.92, ((code + 0.055) / 1.055) ** 2.4)


def _luminance(color: str) -> float:
    return float(_linear(color) @ [0.2126, 0.7152, 0.0722])


def _contrast(a: str, b: str) -> float:
    low, high = sorted((_luminance(a), _luminance(b)))
    return (high + 0.05) / (low + 0.05)


def _distance(a: str, b: str, eye: np.ndarray) -> float:
    """Oklab distance times 100 (about 2 is just visible side by side)."""
    lab = [np.cbrt(np.clip(eye @ _linear(c), 0, 1) @ TO_LMS.T) @ TO_LAB.T for c in (a, b)]
    return float(np.linalg.norm(lab[0] - lab[1]) * 100)


def test_dark_is_the_same_by_setting_and_by_name():
    assert BLOCKS["dark by setting"] == BLOCKS["dark by name"]
    assert BLOCKS["light"].keys() == BLOCKS["dark by name"].keys()


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("background", BACKGROUNDS)
def test_marks_have_3_to_1_and_words_4_5_to_1_against_every_background(scheme, background):
    colors = BLOCKS[scheme]
    for name in (*ENGINES, *MEMORIES, "focus"):
        assert _contrast(colors[name], colors[background]) >= 3, name
    for name in ("text", "muted", "accent", "warn", "ok"):
        assert _contrast(colors[name], colors[background]) >= 4.5, name


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("eye", EYES)
def test_parts_stay_apart_for_every_eye(scheme, eye):
    colors = BLOCKS[scheme]
    for group, apart in ((ENGINES, 10), (MEMORIES, 10), (ENGINES + MEMORIES, 7)):
        for a, b in itertools.combinations(group, 2):
            assert _distance(colors[a], colors[b], EYES[eye]) >= apart, (a, b)


@pytest.mark.parametrize("scheme", SCHEMES)
@pytest.mark.parametrize("group", [ENGINES, MEMORIES], ids=["engines", "memories"])
def test_greyscale_keeps_a_step_between_parts(scheme, group):
    """Lightness (Oklab of the luminance) differs by at least 4 of 100 between neighbors."""
    lightness = sorted(100 * np.cbrt(_luminance(BLOCKS[scheme][name])) for name in group)
    assert np.diff(lightness).min() >= 4


@pytest.mark.parametrize("group", [ENGINES, MEMORIES], ids=["engines", "memories"])
def test_color_is_never_alone(group):
    parts = [theme.PARTS[name] for name in group]
    for field in ("label", "short", "pattern"):
        assert len({getattr(part, field) for part in parts}) == len(group), field
    assert all(f"--trn-pattern-{part.pattern}:" in theme.css() for part in parts)
    assert all(len(part.short) <= 3 for part in parts)


def test_every_part_has_a_color():
    assert set(theme.PARTS) == {*ENGINES, *MEMORIES} <= BLOCKS["light"].keys()
