"""Inter for the web: cut from the wheel ``fontpkg-inter`` once, kept under ``PORTAL_HOME``.

The wheel holds the whole variable font, 877 KB. Pages need Latin letters, four weights and one optical
size; cut to these and packed as WOFF2 it is about 33 KB. Nothing of the font is part of this repository.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import cached_property
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import uuid4

from django.conf import settings
from django.contrib.staticfiles.finders import BaseFinder
from django.core.files.storage import FileSystemStorage

SERVED_AS = "fonts/inter.woff2"

CHARACTERS = (
    *range(0x20, 0x7F),
    *range(0xA0, 0x180),
    *map(ord, "ẞ‐‑–—‘’‚“”„†•…\u202f‰‹›€™←↑→↓−×÷≈≠≤≥∞ΔαβγελμσχΩ"),
)
"""Latin with its extensions, the typographic signs of our own texts, and the Greek of statistics."""
FEATURES = ("kern", "liga", "calt", "tnum", "mark", "mkmk", "ccmp", "locl", "case")
WEIGHTS = (400, 650)


class InterFinder(BaseFinder):
    """Finds ``fonts/inter.woff2`` and makes it the first time somebody asks: about two seconds."""

    @cached_property
    def storage(self) -> FileSystemStorage:
        return FileSystemStorage(location=folder())

    def find(self, path: str, find_all: bool = False, **_: Any) -> Any:  # noqa: FBT001, FBT002 - Django's
        if path != SERVED_AS:
            return []
        made = str(ready())
        return [made] if find_all else made

    def list(self, ignore_patterns: Iterable[str] | None) -> Iterator[tuple[str, FileSystemStorage]]:  # noqa: ARG002 - Django's
        ready()
        yield SERVED_AS, self.storage


def folder() -> Path:
    """Where this version of the font is kept."""
    return Path(settings.PORTAL_HOME) / "made" / f"inter-{version('fontpkg-inter')}"


def ready() -> Path:
    """The path of the font, made if it is not there yet."""
    path = folder() / SERVED_AS
    if not path.exists():
        keep(path, make)
    return path


def keep(path: Path, make: Callable[[Path], object]) -> None:
    """Make a file beside its place and put it there whole. Of two processes at once the first one's stays."""
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_suffix(f".{uuid4().hex}")
    make(unfinished)
    with suppress(FileExistsError):  # whoever serves it has noted its size: it is never replaced
        path.hardlink_to(unfinished)
    unfinished.unlink()


def source() -> Path:
    """The variable font of the wheel."""
    import fontpkg_inter  # type: ignore[import-untyped]  # noqa: PLC0415 - once

    return Path(fontpkg_inter.ROOT) / "files" / "Inter[opsz,wght].ttf"


def subset() -> Any:
    """The variable font with our characters and features alone: a ``TTFont``."""
    from fontTools.subset import Options, Subsetter  # type: ignore[import-untyped]  # noqa: PLC0415 - once
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # noqa: PLC0415 - once

    options = Options()
    options.layout_features = list(FEATURES)
    options.hinting = False
    font = TTFont(source(), recalcTimestamp=False)
    cutter = Subsetter(options)
    cutter.populate(unicodes=CHARACTERS)
    cutter.subset(font)
    return font


def make(target: Path) -> None:
    """Cut the font to our characters, features and weights, and pack it."""
    from fontTools.varLib import instancer  # type: ignore[import-untyped]  # noqa: PLC0415 - once

    axes: Mapping[str, Any] = {"opsz": 14.0, "wght": WEIGHTS}
    cut = instancer.instantiateVariableFont(subset(), axes)
    cut.flavor = "woff2"
    cut.save(target)
