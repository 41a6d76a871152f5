"""An entry as a person reads it: a sentence, what changed, whether its seal holds."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from django.apps import apps
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy as _lazy

from portal.audit import merkle, verifier
from portal.audit.canonical import instant
from portal.audit.models import Entry, Position, Seal
from portal.audit.sealing import statement
from portal.web import figures
from portal.web.parts import Event, Fact
from portal.web.status import Tone

ORIGINS = {"web": _lazy("Page"), "api": _lazy("API"), "job": _lazy("Job"), "command": _lazy("Command")}
"""What an entry's ``via`` says, in words."""


@dataclass(frozen=True, slots=True)
class Change:
    """A field before and after, as text."""

    field: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class SealState:
    """Under which seal an entry stands, and whether its text still leads to the signed root."""

    seal: Seal
    index: int
    leaf: str
    holds: bool


def deed(entry: Entry) -> str:
    """The action in words, e.g. "Version registered" of version.registered."""
    return str(capfirst(entry.action.replace(".", " ").replace("_", " ")))


def thing(entry: Entry) -> str:
    """What it was done to: its label, else its kind and number, else nothing."""
    if entry.label or not entry.object_type:
        return entry.label
    return f"{kind(entry)} {entry.object_id}"


def kind(entry: Entry) -> str:
    """The kind of the object in words, e.g. "model version"."""
    try:
        return str(apps.get_model(entry.object_type)._meta.verbose_name)  # noqa: SLF001 - Django's documented API
    except LookupError:
        return entry.object_type.rpartition(".")[2]


def address(entry: Entry) -> str:
    """The page of the object, as far as it still exists and has one."""
    try:
        model = apps.get_model(entry.object_type)
    except (LookupError, ValueError):
        return ""
    obj = model._default_manager.filter(pk=entry.object_id).first()  # noqa: SLF001 - documented
    return str(obj.get_absolute_url()) if obj is not None and hasattr(obj, "get_absolute_url") else ""


def who(entry: Entry) -> str:
    return str(entry.actor) if entry.actor else _("The portal")


def through(entry: Entry) -> str:
    return str(ORIGINS.get(entry.via, entry.via))


def events(entries: Iterable[Entry]) -> list[Event]:
    """Entries as the component ``timeline`` draws them. They bring their actors."""
    return [
        Event(
            at=entry.happened_at,
            actor=f"{who(entry)}:",
            verb=_("refused: %(deed)s") % {"deed": deed(entry)} if entry.denied else deed(entry),
            object=thing(entry) or _("entry"),
            url=entry.get_absolute_url(),
            digest=bytes(entry.leaf).hex(),
        )
        for entry in entries
    ]


def changes(told: Mapping[str, Any]) -> list[Change]:
    """The fields that differ between before and after; all of them where there is only one of the two."""
    before, after = told["before"] or {}, told["after"] or {}
    return [
        Change(_field(name), _text(before.get(name)), _text(after.get(name)))
        for name in sorted({*before, *after})
        if name not in before or name not in after or before[name] != after[name]
    ]


def verification(entry: Entry | None) -> Fact:
    """What the last verification of the whole audit found, and when."""
    if entry is None:
        return Fact(_("Verification"), _("Not verified yet"), tone=Tone.WAIT)
    found = entry.told["facts"]
    when = figures.moment(entry.happened_at)
    url = entry.get_absolute_url()
    if not found["holds"]:
        return Fact(_("Verification"), _("Does not hold"), when, tone=Tone.BAD, url=url)
    return Fact(_("Verification"), _("Everything holds"), when, tone=Tone.GOOD, url=url)


def named(facts: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Facts with their names as words and their values as text."""
    return [(_field(name), _text(value)) for name, value in sorted(facts.items())]


def seal_of(entry: Entry) -> SealState | None:
    """The seal of an entry, with the proof worked out anew from its text. At most three queries."""
    position = Position.objects.filter(entry=entry).select_related("seal__key").first()
    if position is None:
        return None
    seal = position.seal
    leaves = [bytes(leaf) for leaf in seal.positions.order_by("index").values_list("entry__leaf", flat=True)]
    leaf = verifier.leaf_of({"id": entry.pk, "recorded_at": instant(entry.recorded_at), "body": entry.body})
    proof = (
        [step.hex() for step in merkle.path(merkle.levels(leaves), position.index)]
        if position.index < len(leaves)
        else []
    )
    root = verifier.root_by_proof(leaf, position.index, seal.size, proof)
    holds = (
        root is not None
        and root.hex() == seal.root
        and verifier.signed(seal.key.public, seal.signature, verifier.statement(statement(seal)))
    )
    return SealState(seal, position.index, leaf.hex(), holds)


def _field(name: str) -> str:
    return str(capfirst(name.removesuffix("_id").replace("_", " ")))


def _text(value: Any) -> str:
    """A value of a snapshot as text; what is nested as JSON."""
    match value:
        case None | "":
            return figures.MISSING
        case bool():
            return _("yes") if value else _("no")
        case dict() | list():
            return json.dumps(value, ensure_ascii=False)
    return str(value)
