"""Colours keep their distance: every pair that meets on a page is computed from the colour file."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

from portal.web.charts.canvas import PRINT, STYLES

CSS = Path(settings.BASE_DIR) / "static" / "css"
TOKENS = (CSS / "tokens.css").read_text()
RULES = (CSS / "app.css").read_text()
THEMES = ("light", "dark")
GROUNDS = ("page", "surface", "surface-2")

TEXT = [
    *((name, ground) for name in ("text", "muted", "accent") for ground in GROUNDS),
    ("on-accent", "accent"),
    *((tone, f"{tone}-bg") for tone in ("good", "warn", "bad", "info")),
    *((tone, ground) for tone in ("good", "warn", "bad", "info") for ground in ("surface", "page")),
    *((name, "info-bg") for name in ("text", "muted", "info")),
    *((f"heat-{step}-text", f"heat-{step}") for step in range(1, 5)),
    *((tone, "info-bg") for tone in ("accent",)),
]
MARKS = [
    *(("control", ground) for ground in GROUNDS),
    *(("focus", ground) for ground in GROUNDS),
    *((f"{tone}-mark", "surface") for tone in ("good", "warn", "bad")),
    *((series, "surface") for series in ("s1", "s2", "s3", "s4", "s5", "pair")),
]


def tokens(theme: str) -> dict[str, str]:
    found = re.findall(r"--([\w-]+): light-dark\((#[0-9a-f]{6}), (#[0-9a-f]{6})\);", TOKENS)
    return {name: (light, dark)[THEMES.index(theme)] for name, light, dark in found}


def luminance(colour: str) -> float:
    def linear(value: int) -> float:
        share = value / 255
        return share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4

    red, green, blue = (linear(int(colour[i : i + 2], 16)) for i in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    bright, dark = sorted((luminance(one), luminance(other)), reverse=True)
    return (bright + 0.05) / (dark + 0.05)


def test_black_on_white_has_the_contrast_of_the_standard() -> None:
    assert contrast("#000000", "#ffffff") == pytest.approx(21)


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("writing", "ground"), TEXT)
def test_text_can_be_read_on_its_ground(theme: str, writing: str, ground: str) -> None:
    colour = tokens(theme)
    assert contrast(colour[writing], colour[ground]) >= 4.5


@pytest.mark.parametrize("theme", THEMES)
@pytest.mark.parametrize(("mark", "ground"), MARKS)
def test_marks_and_controls_can_be_seen_on_their_ground(theme: str, mark: str, ground: str) -> None:
    colour = tokens(theme)
    assert contrast(colour[mark], colour[ground]) >= 3.0


def test_no_other_style_sheet_names_a_colour() -> None:
    assert re.findall(r"#[0-9a-fA-F]{3,8}\b|\brgba?\(|\bhsla?\(|\boklch\(", RULES) == []


def test_paper_has_the_light_colours() -> None:
    light = tokens("light")
    assert {name: light[name] for name in PRINT} == PRINT


def chart_rules() -> dict[str, dict[str, str]]:
    """The declarations of each `.chart .name` rule."""
    found = re.findall(r"\.chart \.([\w-]+) \{ ([^}]+) \}", RULES)
    return {name: dict(re.findall(r"([\w-]+): ([^;]+);", body)) for name, body in found}


@pytest.mark.parametrize("style", STYLES)
def test_a_chart_looks_the_same_on_the_web_and_on_paper(style: str) -> None:
    meant = {key: f"var(--{value})" if value in PRINT else value for key, value in STYLES[style].items()}
    assert chart_rules()[style] == meant
