"""The font is cut to what pages need, once, and found as a static file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from django.contrib.staticfiles import finders
from fontTools.ttLib import TTFont  # type: ignore[import-untyped]

from portal.web import fonts


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("home")


@pytest.fixture(autouse=True)
def in_home(settings: Any, home: Path) -> None:
    settings.PORTAL_HOME = home


def test_the_font_is_small_and_has_our_signs_and_figures() -> None:
    path = fonts.ready()
    assert path.stat().st_size < 45_000
    font = TTFont(path)
    assert {ord(sign) for sign in "aÅß€−≥→—\u202f"} <= set(font.getBestCmap())
    features = {record.FeatureTag for record in font["GSUB"].table.FeatureList.FeatureRecord}
    assert "tnum" in features
    axis = next(axis for axis in font["fvar"].axes if axis.axisTag == "wght")
    assert (axis.minValue, axis.maxValue) == fonts.WEIGHTS


def test_it_is_made_only_once() -> None:
    before = fonts.ready().stat().st_mtime_ns
    assert fonts.ready().stat().st_mtime_ns == before


def test_it_is_found_and_listed_as_a_static_file() -> None:
    assert finders.find(fonts.SERVED_AS) == str(fonts.ready())
    assert [name for name, _ in fonts.InterFinder().list(None)] == [fonts.SERVED_AS]
    assert fonts.InterFinder().find("fonts/other.woff2") == []
