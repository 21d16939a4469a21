"""Colours: contrast after WCAG 2.2, and levels that who sees no red, green or blue still tells apart."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest

from dashboards.console.draw.model import State
from dashboards.console.draw.palette import DARK, LIGHT, custom_properties
from dashboards.console.draw.style import stylesheet

if TYPE_CHECKING:
    from numpy.typing import NDArray

LEVELS: Final = (State.BLUE, State.YELLOW, State.ORANGE, State.RED)
THEMES: Final = {"light": LIGHT, "dark": DARK}

# Machado, Oliveira, Fernandes 2009, severity 1.0, on linear sRGB.
SIGHT: Final = {
    "all cones": np.eye(3),
    "protanopia": np.array(
        [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]]
    ),
    "deuteranopia": np.array(
        [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]]
    ),
    "tritanopia": np.array(
        [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]]
    ),
}
# Ottosson 2020: linear sRGB to cone responses, their cube roots to OKLab.
TO_CONES: Final = np.array(
    [
        [0.4122214708, 0.5363325363, 0.0514459929],
        [0.2119034982, 0.6806995451, 0.1073969566],
        [0.0883024619, 0.2817188376, 0.6299787005],
    ]
)
TO_LAB: Final = np.array(
    [
        [0.2104542553, 0.7936177850, -0.0040720468],
        [1.9779984951, -2.4285922050, 0.4505937099],
        [0.0259040371, 0.7827717662, -0.8086757660],
    ]
)
LEAST_DIFFERENCE: Final = 0.12
"""In OKLab, where 1 is black to white; about six times what is just seen in large fields."""


def linear(colour: str) -> NDArray[np.float64]:
    shares = np.array([int(colour[place : place + 2], 16) for place in (1, 3, 5)]) / 255
    return np.where(shares <= 0.04045, shares / 12.92, ((shares + 0.055) / 1.055) ** 2.4)


def contrast(one: str, other: str) -> float:
    light, dark = sorted((float(linear(colour) @ [0.2126, 0.7152, 0.0722]) for colour in (one, other)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def seen(colour: str, sight: NDArray[np.float64]) -> NDArray[np.float64]:
    """OKLab of a colour as somebody sees it."""
    lab: NDArray[np.float64] = TO_LAB @ np.cbrt(TO_CONES @ np.clip(sight @ linear(colour), 0, 1))
    return lab


def test_the_measure_knows_black_and_white() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    difference = seen("#ffffff", SIGHT["all cones"]) - seen("#000000", SIGHT["all cones"])
    assert float(np.linalg.norm(difference)) == pytest.approx(1, abs=1e-3)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize("sight", SIGHT)
def test_levels_differ_for_every_kind_of_sight(theme: str, sight: str) -> None:
    tones = THEMES[theme].tones
    for one, other in combinations(LEVELS, 2):
        difference = np.linalg.norm(seen(tones[one].fill, SIGHT[sight]) - seen(tones[other].fill, SIGHT[sight]))
        assert difference >= LEAST_DIFFERENCE, (one, other, sight)


@pytest.mark.parametrize("sight", SIGHT)
def test_on_paper_a_worse_level_is_darker_from_yellow_to_red(sight: str) -> None:
    lightness = [float(seen(LIGHT.tones[state].fill, SIGHT[sight])[0]) for state in LEVELS[1:]]
    assert lightness == sorted(lightness, reverse=True)


@pytest.mark.parametrize("theme", THEMES)
def test_text_and_outlines_stand_out(theme: str) -> None:
    palette = THEMES[theme]
    for ground in (palette.paper, palette.card):
        for name in ("ink", "muted", "water", "focus"):
            assert contrast(getattr(palette, name), ground) >= 4.5, name
        for name in ("river", "line"):
            assert contrast(getattr(palette, name), ground) >= 3, name
        for state, tone in palette.tones.items():
            assert contrast(tone.edge, ground) >= 4.5, state
    for state, tone in palette.tones.items():
        assert contrast(tone.ink, tone.fill) >= 4.5, state


@pytest.mark.parametrize("theme", THEMES)
def test_bands_leave_what_lies_on_them_readable(theme: str) -> None:
    palette = THEMES[theme]
    for state, tone in palette.tones.items():
        assert contrast(palette.ink, tone.wash) >= 7, state
        assert contrast(palette.muted, tone.wash) >= 4.5, state
        assert contrast(palette.water, tone.wash) >= 3, state
        assert contrast(tone.edge, tone.wash) >= 4.5, state


def test_every_state_has_colours_and_classes_in_both_themes() -> None:
    css = stylesheet()
    assert custom_properties(LIGHT).keys() == custom_properties(DARK).keys()
    for state in State:
        name = state.value.replace("_", "-")
        assert css.count(f"--wm-{name}-fill:") == 3  # light, dark by the system, dark by choice
        assert f".state-{name} {{" in css


def test_every_property_that_is_used_is_defined() -> None:
    css = stylesheet()
    used = {part.split(")")[0] for part in css.split("var(")[1:]}
    assert used
    assert used <= custom_properties(LIGHT).keys()


def test_what_moves_stands_still_for_those_who_ask() -> None:
    css = stylesheet()
    before, moving, _ = css.partition("animation: wm-breathe")
    assert moving
    assert before.rstrip().endswith("(prefers-reduced-motion: no-preference) { .wm-halo {")
