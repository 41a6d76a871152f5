"""Pages of evidence and holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, cast

from django.db.models import Count, QuerySet
from django.http import FileResponse, HttpRequest
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import View

from portal.accounts.models import User
from portal.accounts.services import organisation
from portal.errors import Missing
from portal.evidence import services
from portal.evidence.downloads import answer, refuse_long_bodies
from portal.evidence.forms import DiscardForm, HoldForm, ReleaseForm, SystemEvidenceForm
from portal.evidence.models import Evidence, HoldQuerySet, Kind, LegalHold
from portal.evidence.selectors import evidence_named, item_facts
from portal.evidence.tables import EvidenceFilter, EvidenceTable, HoldTable
from portal.rights import may
from portal.web.figures import day
from portal.web.pages import ActionView, ConfirmPage, FormPage, ListPage, Page
from portal.web.parts import Crumb, Empty, Fact
from portal.web.status import Tone


class EvidenceList(ListPage):
    """All evidence this person may see, the newest first."""

    does = "evidence.read"
    template_name = "evidence/list.html"
    title = gettext_lazy("Evidence")
    noun = (gettext_lazy("piece of evidence"), gettext_lazy("pieces of evidence"))
    table_class = EvidenceTable
    filterset_class = EvidenceFilter

    def rows(self) -> QuerySet[Evidence]:
        return Evidence.objects.visible_to(self.person).select_related("system", "added_by")

    def summary(self) -> str:
        return _("What the portal computed and what people brought, each under the digest of its content.")

    def empty(self) -> Empty:
        return Empty(
            _("No evidence yet"),
            _("Reports the portal renders arrive here by themselves; anything else is added by hand."),
            _("Add evidence") if may(self.person, "evidence.add") else "",
            reverse("evidence:add"),
        )

    def context(self) -> Mapping[str, Any]:
        return {"may_add": may(self.person, "evidence.add")}


class OneEvidence(Page):
    """What all pages about one piece of evidence share: it is fetched from what the person may see."""

    nav = "evidence:items"

    @cached_property
    def item(self) -> Evidence:
        return evidence_named(self.kwargs["ref"], self.person, str(self.does))

    def crumbs(self) -> Sequence[Crumb]:
        return (
            Crumb(_("Evidence"), reverse("evidence:items")),
            Crumb(self.item.ref, self.item.get_absolute_url()),
        )


class EvidencePage(OneEvidence):
    """One piece: what it proves, where it comes from, its digest, what holds it."""

    does = "evidence.read"
    template_name = "evidence/item.html"

    def heading(self) -> str:
        return self.item.title

    def summary(self) -> str:
        return self.item.claim

    def crumbs(self) -> Sequence[Crumb]:
        return (Crumb(_("Evidence"), reverse("evidence:items")), Crumb(self.item.ref))

    def facts(self) -> Sequence[Fact]:
        return item_facts(self.item, organisation().today())

    def context(self) -> Mapping[str, Any]:
        user = self.person
        links = self.item.links.select_related("linked_by").prefetch_related("subject")
        hold = services.hold_on(self.item)
        return {
            "item": self.item,
            "links": links,
            "hold": hold,
            "may_discard": may(user, "evidence.discard") and hold is None,
        }


class AddEvidence(FormPage):
    """A file and what it proves about a system."""

    does = "evidence.add"
    nav = "evidence:items"
    title = gettext_lazy("Add evidence")
    form_class = SystemEvidenceForm
    submit = gettext_lazy("Add evidence")

    def crumbs(self) -> Sequence[Crumb]:
        return (Crumb(_("Evidence"), reverse("evidence:items")), Crumb(str(self.title)))

    def initial(self) -> Mapping[str, Any]:
        return {"system": self.request.GET.get("system", "")}

    def form_arguments(self) -> Mapping[str, Any]:
        return {"user": self.person}

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        refuse_long_bodies(request)
        return super().post(request, *args, **kwargs)

    def perform(self, form: Any) -> str:
        given = dict(form.cleaned_data)
        file = given.pop("file")
        made = services.store(file, filename=file.name, kind=Kind.UPLOADED, actor=self.person, **given)
        return made.get_absolute_url()

    def done(self, form: Any) -> str:  # noqa: ARG002 - the base's signature
        return _("Evidence added.")


class Download(View):
    """The bytes, after their digest was checked; the audit knows who took them."""

    does = "evidence.read"
    http_method_names = ["get", "options"]

    def get(self, request: HttpRequest, ref: str) -> FileResponse:
        user = cast("User", request.user)
        return answer(evidence_named(ref, user, self.does), user)


class Verify(ActionView):
    """Check the stored bytes against their digest, now."""

    does = "evidence.read"

    @cached_property
    def item(self) -> Evidence:
        return evidence_named(self.kwargs["ref"], self.person, self.does)

    def perform(self) -> str:
        problem = services.verify(self.item, actor=self.person)
        return problem or _("The stored bytes have the digest that was recorded.")

    def back_url(self) -> str:
        return self.item.get_absolute_url()


class Discard(ConfirmPage, OneEvidence):
    """A step before evidence goes for good."""

    does = "evidence.discard"
    form_class = DiscardForm
    submit = gettext_lazy("Discard evidence")

    def heading(self) -> str:
        return _("Discard %(ref)s %(title)s?") % {"ref": self.item.ref, "title": self.item.title}

    def summary(self) -> str:
        return _("The file goes unless other evidence has the same content. Its digest stays in the audit.")

    def perform(self, form: Any) -> str:
        services.discard(self.item, actor=self.person, reason=form.cleaned_data["reason"])
        return reverse("evidence:items")

    def done(self, form: Any) -> str:  # noqa: ARG002 - the base's signature
        return _("Evidence discarded.")


class HoldList(ListPage):
    """Legal holds, those in force first."""

    does = "evidence.read"
    nav = "evidence:items"
    template_name = "evidence/holds.html"
    title = gettext_lazy("Legal holds")
    noun = (gettext_lazy("hold"), gettext_lazy("holds"))
    table_class = HoldTable

    def rows(self) -> QuerySet[LegalHold]:
        holds = LegalHold.objects.visible_to(self.person).select_related("placed_by", "released_by")
        return holds.annotate(named=Count("items"))

    def crumbs(self) -> Sequence[Crumb]:
        return (Crumb(_("Evidence"), reverse("evidence:items")), Crumb(str(self.title)))

    def summary(self) -> str:
        return _("What a hold names is deleted by nobody, neither a person nor a job, until it is released.")

    def empty(self) -> Empty:
        return Empty(_("No holds"), _("A hold is placed when a dispute or an inquiry begins."))

    def context(self) -> Mapping[str, Any]:
        return {"may_hold": may(self.person, "evidence.hold")}


class HoldPage(Page):
    """One hold and what it names."""

    does = "evidence.read"
    nav = "evidence:items"
    template_name = "evidence/hold.html"

    @cached_property
    def hold(self) -> LegalHold:
        found = self.holds().select_related("placed_by", "released_by").filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise Missing
        return found

    def holds(self) -> HoldQuerySet:
        """The holds this page opens."""
        return LegalHold.objects.visible_to(self.person)

    def heading(self) -> str:
        return self.hold.matter

    def summary(self) -> str:
        return self.hold.reason

    def crumbs(self) -> Sequence[Crumb]:
        return (
            Crumb(_("Evidence"), reverse("evidence:items")),
            Crumb(_("Legal holds"), reverse("evidence:holds")),
            Crumb(self.hold.matter),
        )

    def facts(self) -> Sequence[Fact]:
        hold = self.hold
        state = Fact(_("State"), _("In force"), tone=Tone.INFO)
        if hold.released_at is not None:
            state = Fact(_("State"), _("Released"), tone=Tone.NONE)
        facts = [state, Fact(_("Placed by"), hold.placed_by, day(hold.placed_at))]
        if hold.released_by is not None and hold.released_at is not None:
            facts.append(Fact(_("Released by"), hold.released_by, day(hold.released_at)))
        return facts

    def context(self) -> Mapping[str, Any]:
        hold = self.hold
        items = hold.items.visible_to(self.person).select_related("subject_type")
        why = self.why_not()
        return {
            "hold": hold,
            "items": items,
            "beyond": hold.items.count() - len(items),
            "may_release": may(self.person, "evidence.hold") and hold.released_at is None and not why,
            "why_not": why,
        }

    def why_not(self) -> str:
        """What stands against this person releasing this hold although their role may; empty for nothing."""
        user, hold = self.person, self.hold
        if hold.released_at is not None or not may(user, "evidence.hold"):
            return ""
        if hold.placed_by == user:
            return _("You placed this hold, so somebody else releases it.")
        if not LegalHold.objects.wholly_visible_to(user, "evidence.hold").filter(pk=hold.pk).exists():
            return _(
                "It also names things of other units, so somebody who answers for all of them releases it."
            )
        return ""


class PlaceHold(FormPage):
    """Name a matter and what it holds."""

    does = "evidence.hold"
    nav = "evidence:items"
    title = gettext_lazy("Place a hold")
    form_class = HoldForm
    submit = gettext_lazy("Place hold")

    def crumbs(self) -> Sequence[Crumb]:
        return (
            Crumb(_("Evidence"), reverse("evidence:items")),
            Crumb(_("Legal holds"), reverse("evidence:holds")),
            Crumb(str(self.title)),
        )

    def form_arguments(self) -> Mapping[str, Any]:
        return {"user": self.person}

    def initial(self) -> Mapping[str, Any]:
        return {"items": self.request.GET.get("items", "")}

    def perform(self, form: Any) -> str:
        return services.place_hold(actor=self.person, **form.cleaned_data).get_absolute_url()


class ReleaseHold(ConfirmPage, HoldPage):
    """A step before everything a hold names may go again."""

    does = "evidence.hold"
    form_class = ReleaseForm
    submit = gettext_lazy("Release hold")

    def holds(self) -> HoldQuerySet:
        return LegalHold.objects.wholly_visible_to(self.person, str(self.does))

    def heading(self) -> str:
        return _("Release the hold “%(matter)s”?") % {"matter": self.hold.matter}

    def summary(self) -> str:
        return _("Retention and people may delete what it names, from then on.")

    def facts(self) -> Sequence[Fact]:
        return ()

    def context(self) -> Mapping[str, Any]:
        return {}

    def perform(self, form: Any) -> str:
        services.release_hold(self.hold, actor=self.person, reason=form.cleaned_data["reason"])
        return self.hold.get_absolute_url()
