"""What all pages about one case share."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property
from django.utils.translation import gettext as _

from portal.accounts.models import User
from portal.accounts.services import organisation
from portal.cases.models import Case
from portal.cases.selectors.bench import Bench, bench
from portal.cases.selectors.seats import why_no_vote
from portal.errors import Missing
from portal.web.pages import Page
from portal.web.parts import Crumb


def case_named(ref: str, user: User) -> Case:
    """The case of a reference such as REL-31, if this person may read it. Raises Missing."""
    rows = Case.objects.visible_to(user).select_related(
        "system__owner", "unit", "opened_by", "owner", "subject_type"
    )
    found = rows.filter(ref=ref).first()
    if found is None:
        raise Missing
    return found


class OneCase(Page):
    """A page about a case; the case is fetched from what the person may read."""

    nav = "cases:cases"

    @cached_property
    def case(self) -> Case:
        return case_named(self.kwargs["ref"], self.person)

    @cached_property
    def today(self) -> date:
        return organisation().today()

    @cached_property
    def bench(self) -> Bench:
        return bench(self.case)

    @cached_property
    def no_vote(self) -> str:
        """Why this person has no vote in the present round, empty for whoever has one."""
        return why_no_vote(self.case, self.bench.round, self.bench.kind, self.person, timezone.now())

    def crumbs(self) -> Sequence[Crumb]:
        return (
            Crumb(_("Reviews"), reverse("cases:cases")),
            Crumb(self.case.ref, self.case.get_absolute_url()),
            *([Crumb(str(self.title))] if self.title else []),
        )
