"""A pack as PDF: set by Typst from the frozen data, tagged, and the same bytes each time."""

from __future__ import annotations

import json
from collections.abc import Mapping
from datetime import date, datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from portal.bodies.fonts import for_paper
from portal.bodies.models import Pack
from portal.bodies.models.bodies import Function, Majority, Tie

TEMPLATE = Path(__file__).parent / "typst" / "pack.typ"

WORDS = {
    "confidential": "Confidential",
    "frozen": "Frozen",
    "digest": "Digest",
    "asked": "To decide",
    "noted": "For information",
    "before": "Decisions of the session before",
    "who": "Who sits",
    "item": "Item",
    "why": "Why now",
    "choices": "Choices",
    "decision": "Decision",
    "day": "Day",
    "outcome": "Outcome",
    "follow_up": "Follow-up",
    "name": "Name",
    "function": "As",
    "deputy": "Deputy",
    "votes": "Votes",
    "yes": "yes",
    "no": "no",
    "facts": "What the records say",
    "evidence": "Evidence",
    "ref": "No.",
    "claim": "What it proves",
    "source": "Source",
    "not_voting": "Does not vote on this",
}


def pack_pdf(pack: Pack, paper: str = "a4") -> bytes:
    """The frozen data on "a4" or "us-letter". Only the pack decides the bytes: no clock, no system font."""
    import typst  # noqa: PLC0415 - a compiler of some megabytes, which only this page needs

    data = json.loads(pack.data)
    frozen_at = datetime.fromisoformat(data["frozen_at"])
    set_up = {
        "data": json.dumps(_shown(data), ensure_ascii=False),
        "words": json.dumps(WORDS | _sentences(data), ensure_ascii=False),
        "digest": pack.digest,
        "frozen": _moment(data["frozen_at"], data),
        "paper": paper,
    }
    made: bytes = typst.compile(
        str(TEMPLATE),
        root=str(TEMPLATE.parent),
        font_paths=[str(for_paper())],
        ignore_system_fonts=True,
        format="pdf",
        sys_inputs=set_up,
        timestamp=int(frozen_at.timestamp()),
        pdf_tags=True,
    )
    return made


def _shown(data: Mapping[str, Any]) -> Mapping[str, Any]:
    """The data with its codes and days in words."""
    seats = [seat | {"function": Function(seat["function"]).label} for seat in data["seats"]]
    before = [row | {"day_words": _day(row["decided_on"])} for row in data["decisions_before"]]
    return {**data, "seats": seats, "decisions_before": before}


def _sentences(data: Mapping[str, Any]) -> dict[str, str]:
    session, rules = data["session"], data["rules"]
    begins, ends = _moment(session["starts_at"], data), _moment(session["ends_at"], data)
    when = f"Votes in writing until {ends}" if session["mode"] == "writing" else begins
    if session["place"]:
        when = f"{when}, {session['place']}"
    tie = Tie(rules["tie"]).label
    decides = Majority(rules["majority"]).label
    return {
        "when": when,
        "rules": f"Quorum {rules['quorum']}. An outcome needs: {decides.lower()}. A tie: {_lower(tie)}",
    }


def _lower(words: str) -> str:
    return words[:1].lower() + words[1:]


def _moment(text: str, data: Mapping[str, Any]) -> str:
    return f"{datetime.fromisoformat(text).astimezone(ZoneInfo(data['time_zone'])):%-d %b %Y, %H:%M %Z}"


def _day(text: str) -> str:
    return f"{date.fromisoformat(text):%-d %b %Y}"
