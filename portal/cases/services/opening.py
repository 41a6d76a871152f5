"""A case opens: the picture is frozen, the rounds are laid out, and who stands too close is barred."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date, datetime, timedelta

from django.contrib.contenttypes.models import ContentType
from django.core.exceptions import ObjectDoesNotExist
from django.db import IntegrityError, connection, transaction
from django.db.models import Model
from django.utils import timezone

from portal.accounts.models import Unit, User
from portal.accounts.services import organisation
from portal.areas import CaseKind, Role
from portal.audit.services import record
from portal.cases.models import Case, ConflictOfInterest, Round
from portal.cases.selectors.standing import is_stale, picture_of
from portal.cases.services.closing import close_unanswered
from portal.cases.services.telling import tell_owner, tell_voters
from portal.cases.snapshots import digest_of
from portal.errors import Conflict, Missing
from portal.registry.models import System
from portal.rights import require

AUTHORS = ("created_by", "asked_by", "proposed_by", "author")
"""The fields by which a subject names who made it."""


@transaction.atomic
def open_case(
    kind: CaseKind,
    subject: Model,
    *,
    actor: User | None,
    system: System | None = None,
    unit: Unit | None = None,
    title: str = "",
    reason: str = "",
    parties: Iterable[User] = (),
    owner: User | None = None,
    roles: frozenset[Role] | None = None,
    due_on: date | None = None,
    for_day: date | None = None,
    at: datetime | None = None,
) -> Case:
    """Ask the holders of the kind's roles to decide about a subject, and freeze what they decide on.

    ``system`` and ``unit`` default to those of the subject; whoever holds a role above that unit may vote,
    except the actor, the ``parties``, the ``owner`` who must do what it is about and, unless the kind lets
    owners vote, owner, deputy and author. ``roles`` decide in place of those of the kind.
    ``actor`` is None when a machine asks. A private case is tied to its unit and not to its system. Raises
    Conflict while a case of this kind is open on the subject; one whose subject has changed meanwhile is
    withdrawn and replaced.
    """
    if actor is not None and kind.opens:
        require(actor, kind.opens)
    at = at or timezone.now()
    subject = _as_stored(subject)
    system = system or (subject if isinstance(subject, System) else getattr(subject, "system", None))
    unit = unit or (system.unit if system is not None else getattr(subject, "unit", None)) or _root()
    _make_room(kind, subject, at)
    picture = picture_of(kind, subject)
    number = _next_number()
    case = Case(
        pk=number,
        ref=f"{kind.prefix}-{number}",
        kind=kind.slug,
        title=(title or f"{kind.title}: {subject}")[:200],
        reason=reason.strip(),
        system=None if kind.private else system,
        unit=unit,
        subject=subject,
        snapshot=picture,
        digest=digest_of(picture),
        opened_by=actor,
        opened_at=at,
        owner=owner,
        private=kind.private,
        due_on=due_on or organisation().today(at) + timedelta(days=kind.days),
        for_day=for_day,
    )
    try:
        with transaction.atomic():
            case.save(force_insert=True)
    except IntegrityError as error:
        raise Conflict(f"A case of this kind is already open on {subject}.") from error
    first = _lay_out_rounds(case, kind, roles, at)
    _bar(case, kind, subject, parties, system=system, at=at)
    record(
        "case.opened",
        case,
        actor=actor,
        reason=case.open_to_audit(case.reason),
        at=at,
        ref=case.ref,
        kind=kind.slug,
        due_on=case.due_on.isoformat(),
        digest=case.digest,
    )
    if owner is None:
        tell_voters(case, first, at)
    else:
        tell_owner(case, at)
    return case


def _as_stored(subject: Model) -> Model:
    """The subject as the database has it: what is frozen is what everybody else sees."""
    try:
        return ContentType.objects.get_for_model(subject).get_object_for_this_type(pk=subject.pk)
    except ObjectDoesNotExist as error:
        raise Missing("What is to be decided does not exist any more.") from error


def _root() -> Unit:
    found = Unit.objects.filter(parent=None).first()
    if found is None:
        raise Missing("Set up the organisation first.")
    return found


def _make_room(kind: CaseKind, subject: Model, at: datetime) -> None:
    """Withdraw an open case about a picture that is no longer true. Raises Conflict for one that holds."""
    rival = (
        Case.objects.about(subject)
        .filter(kind=kind.slug, state="open")
        .select_for_update(no_key=True)
        .first()
    )
    if rival is None:
        return
    if not is_stale(rival):
        raise Conflict(f"{rival.ref} is open on this already.", help_url=rival.get_absolute_url())
    close_unanswered(rival, "withdrawn", actor=None, reason="Its subject changed; asked again.", at=at)


def _next_number() -> int:
    with connection.cursor() as cursor:
        cursor.execute("SELECT nextval(pg_get_serial_sequence('cases_case', 'id'))")
        return int(cursor.fetchone()[0])


def _lay_out_rounds(case: Case, kind: CaseKind, roles: frozenset[Role] | None, at: datetime) -> Round:
    return Round.objects.bulk_create(
        Round(
            case=case,
            number=number,
            title=step.title,
            roles=sorted(role.value for role in roles or step.roles),
            quorum=step.quorum,
            started_at=at if number == 1 else None,
        )
        for number, step in enumerate(kind.steps, start=1)
    )[0]


def _bar(
    case: Case,
    kind: CaseKind,
    subject: Model,
    parties: Iterable[User],
    *,
    system: System | None,
    at: datetime,
) -> None:
    """Note who stands too close to the subject to vote. The opener has no vote in any case."""
    close: dict[int, str] = {person.pk: "Takes part in what is decided" for person in parties}
    if case.owner_id is not None:
        close[case.owner_id] = "Must do what it is about"
    if not kind.owners_vote:
        for author in _authors(subject):
            close.setdefault(author, f"Author of {subject}")
        if system is not None:
            close |= dict.fromkeys(filter(None, [system.deputy_id]), f"Deputy owner of {system}")
            close |= dict.fromkeys(filter(None, [system.owner_id]), f"Owner of {system}")
    close.pop(case.opened_by_id or 0, None)
    ConflictOfInterest.objects.bulk_create(
        ConflictOfInterest(case=case, person_id=person, reason=why, declared=False, declared_at=at)
        for person, why in close.items()
    )


def _authors(subject: Model) -> set[int]:
    columns = subject._meta.concrete_fields  # noqa: SLF001 - Django's documented API of models
    fields = [field for field in columns if field.related_model is User]
    return {getattr(subject, field.attname) for field in fields if field.name in AUTHORS} - {None}
