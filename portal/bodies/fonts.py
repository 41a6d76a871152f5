"""Inter for paper: Typst takes no variable font, so each weight is cut from the wheel's once and kept."""

from __future__ import annotations

from functools import partial
from io import BytesIO
from pathlib import Path

from portal.web.fonts import folder, keep, subset

WEIGHTS = (400, 600)


def for_paper() -> Path:
    """The folder with a font of each weight, made if it is not there yet: about four seconds."""
    home = folder() / "paper"
    missing = [weight for weight in WEIGHTS if not (home / f"Inter-{weight}.ttf").exists()]
    if missing:
        ours = BytesIO()
        subset().save(ours)
        for weight in missing:
            keep(home / f"Inter-{weight}.ttf", partial(_cut, ours.getvalue(), weight))
    return home


def _cut(ours: bytes, weight: int, target: Path) -> None:
    """One weight for text sizes, with nothing in it that tells when it was made."""
    from fontTools.ttLib import TTFont  # type: ignore[import-untyped]  # noqa: PLC0415 - once
    from fontTools.varLib import instancer  # type: ignore[import-untyped]  # noqa: PLC0415 - once

    font = TTFont(BytesIO(ours), recalcTimestamp=False)
    cut = instancer.instantiateVariableFont(font, {"opsz": 14.0, "wght": float(weight)})
    cut["OS/2"].usWeightClass = weight
    cut.save(target)
