"""What pages of findings share."""

from __future__ import annotations

from collections.abc import Sequence

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.views.generic import View

from portal.findings.models import Finding
from portal.findings.selectors import finding_named
from portal.rights import action_of
from portal.web.pages import Page
from portal.web.parts import Crumb


class AboutFinding(View):
    """A view about the finding of the address, on which the person may do the view's action, or 404."""

    @cached_property
    def finding(self) -> Finding:
        does = action_of(type(self), None, self.request.method or "GET")
        assert does is not None
        return finding_named(self.request.user, self.kwargs["ref"], does)  # type: ignore[arg-type]  # signed in

    def back_url(self) -> str:
        return self.finding.get_absolute_url()


class OneFinding(AboutFinding, Page):
    """A page about a finding."""

    nav = "findings:findings"

    def crumbs(self) -> Sequence[Crumb]:
        path = [Crumb(_("Findings"), reverse("findings:findings"))]
        if not self.title:
            return (*path, Crumb(self.finding.ref))
        return (*path, Crumb(self.finding.ref, self.back_url()), Crumb(str(self.title)))
