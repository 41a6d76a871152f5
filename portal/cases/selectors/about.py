"""The cases about a system or a version, as rows."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from django.contrib.contenttypes.models import ContentType
from django.db.models import Count, OuterRef, Q, QuerySet, Subquery
from django.utils.translation import gettext as _

from portal.accounts.models import User
from portal.accounts.services import organisation
from portal.areas import Stance
from portal.cases.models import Case, CaseQuerySet, Round, WaiverRequest
from portal.cases.selectors.status import status_of
from portal.registry.models import ModelVersion, System
from portal.web.figures import day
from portal.web.status import Tone


@dataclass(frozen=True, slots=True)
class CaseRow:
    """A case in a list of few: how it stands, and one line on who has to do what."""

    case: Case
    tone: Tone
    word: str
    detail: str


def cases_of_version(user: User, version: ModelVersion) -> QuerySet[Case]:
    """Visible cases about a version, waivers asked for it included; the open ones first."""
    asked = WaiverRequest.objects.filter(version=version).values("pk")
    about = Q(subject_type=ContentType.objects.get_for_model(ModelVersion), subject_id=version.pk)
    about |= Q(subject_type=ContentType.objects.get_for_model(WaiverRequest), subject_id__in=asked)
    return _in_order(Case.objects.visible_to(user).filter(about))


def cases_of_system(user: User, system: System) -> QuerySet[Case]:
    """Visible cases about a system, the open ones first."""
    return _in_order(Case.objects.visible_to(user).filter(system=system))


def as_rows(cases: Iterable[Case]) -> list[CaseRow]:
    """The cases as rows; one query besides theirs."""
    today = organisation().today()
    return [CaseRow(case, *status_of(case, today), _detail(case)) for case in cases]


def _in_order(cases: CaseQuerySet) -> QuerySet[Case]:
    """The open ones by day, then the closed ones, the newest first; with the votes that count now."""
    now = Q(votes__round__ended_at=None) & ~Q(votes__stance=Stance.ABSTAIN)
    quorum = Round.objects.filter(case=OuterRef("pk"), started_at__isnull=False, ended_at=None)
    return cases.open_first().annotate(
        counted=Count("votes", filter=now), quorum=Subquery(quorum.values("quorum")[:1])
    )


def _detail(case: Case) -> str:
    if not case.open:
        assert case.closed_at is not None
        return _("closed on %(day)s") % {"day": day(case.closed_at)}
    told = {"counted": case.counted, "quorum": case.quorum, "due": day(case.due_on)}  # type: ignore[attr-defined] # annotated
    return _("%(counted)s of %(quorum)s votes in, due %(due)s") % told
