"""Inter for paper: Typst takes no variable font, so each weight is cut from the wheel's once and kept."""

from __future__ import annotations

from contextlib import suppress
from io import BytesIO
from pathlib import Path
from uuid import uuid4

from portal.web.fonts import CHARACTERS, FEATURES, folder, source

WEIGHTS = (400, 600)


def for_paper() -> Path:
    """The folder with a font of each weight, made if it is not there yet: about four seconds."""
    home = folder() / "paper"
    missing = [weight for weight in WEIGHTS if not (home / f"Inter-{weight}.ttf").exists()]
    if missing:
        home.mkdir(parents=True, exist_ok=True)
        ours = _ours()
        for weight in missing:
            unfinished = home / f"{uuid4().hex}.unfinished"
            _cut(ours, weight, unfinished)
            with suppress(FileExistsError):  # of two processes at once the first one's stays
                (home / f"Inter-{weight}.ttf").hardlink_to(unfinished)
            unfinished.unlink()
    return home


def _ours() -> bytes:
    """The variable font with our characters and features alone."""
    from fontTools.subset import Options, Subsetter  # type: ignore[import-untyped]  # noqa: PLC0415 - once
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # noqa: PLC0415 - once

    options = Options()
    options.layout_features = list(FEATURES)
    options.hinting = False
    font = TTFont(source(), recalcTimestamp=False)
    cutter = Subsetter(options)
    cutter.populate(unicodes=CHARACTERS)
    cutter.subset(font)
    made = BytesIO()
    font.save(made)
    return made.getvalue()


def _cut(ours: bytes, weight: int, target: Path) -> None:
    """One weight for text sizes, with nothing in it that tells when it was made."""
    from fontTools.ttLib import TTFont  # noqa: PLC0415 - once
    from fontTools.varLib import instancer  # type: ignore[import-untyped]  # noqa: PLC0415 - once

    font = TTFont(BytesIO(ours), recalcTimestamp=False)
    cut = instancer.instantiateVariableFont(font, {"opsz": 14.0, "wght": float(weight)})
    cut["OS/2"].usWeightClass = weight
    cut.save(target)
