"""Every page-shaped read of evidence."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date

from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, Q, QuerySet
from django.utils.translation import gettext as _

from portal.accounts.models import User
from portal.accounts.services import organisation
from portal.errors import Missing
from portal.evidence.models import Evidence
from portal.web.figures import day, short_digest
from portal.web.parts import EvidenceItem, Fact
from portal.web.status import Tone


def evidence_named(ref: str, user: User, action: str) -> Evidence:
    """The evidence of a reference such as EV-12, if this person may do the action on it. Raises Missing."""
    start, _dash, digits = ref.partition("-")
    if start != "EV" or not (digits.isascii() and digits.isdecimal() and len(digits) < 19):
        raise Missing
    rows = Evidence.objects.visible_to(user, action).select_related("system", "blob", "added_by")
    found = rows.filter(pk=int(digits)).first()
    if found is None:
        raise Missing
    return found


def item_facts(item: Evidence, today: date) -> list[Fact]:
    """The facts under the title of a piece of evidence."""
    facts = [Fact(_("Source"), item.get_kind_display(), day(item.added_at))]
    if item.added_by is not None:
        facts.append(Fact(_("Added by"), item.added_by))
    if item.system is not None:
        facts.append(Fact(_("System"), item.system, url=item.system.get_absolute_url()))
    if item.valid_until is not None:
        over = item.valid_until < today
        facts.append(Fact(_("Valid until"), day(item.valid_until), tone=Tone.BAD if over else None))
    facts.append(Fact(_("Digest"), short_digest(item.blob_id)))
    return facts


def evidence_of(subject: Model) -> QuerySet[Evidence]:
    """What proves something about a row, by its own claim or by a link."""
    kind = ContentType.objects.get_for_model(subject)
    linked = Q(links__subject_type=kind, links__subject_id=subject.pk)
    return Evidence.objects.filter(Q(subject_type=kind, subject_id=subject.pk) | linked).distinct()


def as_items(
    rows: QuerySet[Evidence], address: Callable[[Evidence], str] = Evidence.get_absolute_url
) -> list[EvidenceItem]:
    """The rows as the component ``evidence`` draws them. One query."""
    today = organisation().today()
    return [
        EvidenceItem(
            claim=row.claim or row.title,
            source=row.get_kind_display().lower(),
            sha256=row.blob_id,
            at=row.added_at,
            valid_until=row.valid_until,
            expired=row.valid_until is not None and row.valid_until < today,
            url=address(row),
        )
        for row in rows
    ]


def find(user: User, text: str) -> Sequence[Mapping[str, str]]:
    """Evidence whose title or reference matches, for the command palette. One query."""
    matches = Q(title__icontains=text)
    number = text.upper().removeprefix("EV-")
    if number.isascii() and number.isdecimal() and len(number) < 19:
        matches |= Q(pk=int(number))
    rows = Evidence.objects.visible_to(user).filter(matches)[:5]
    return [
        {"title": f"{row.ref} {row.title}", "url": row.get_absolute_url(), "detail": row.claim}
        for row in rows
    ]
