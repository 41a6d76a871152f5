"""Pages of the audit: the list, one entry, the seals, the export and its verifier."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from django.apps import apps
from django.db.models import OuterRef, QuerySet, Subquery
from django.http import FileResponse, HttpRequest
from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext
from django.views.generic import View

from portal.audit import reading, verifier
from portal.audit.models import SYSTEM_MODEL, Entry, Seal
from portal.audit.personal import disclosed
from portal.audit.selectors import AuditState, audit_state
from portal.audit.tables import EntryFilter, EntryTable, SealTable
from portal.errors import Missing
from portal.rights import may
from portal.web import figures
from portal.web.pages import ListPage, Page
from portal.web.parts import Crumb, Empty, Fact

AROUND = 10
"""Entries about the same object that an entry's page lists."""


class EntryList(ListPage):
    """Every entry this person may see, the newest first."""

    does = "audit.read"
    template_name = "audit/list.html"
    title = gettext_lazy("Audit")
    noun = (gettext_lazy("entry"), gettext_lazy("entries"))
    table_class = EntryTable
    filterset_class = EntryFilter

    def rows(self) -> QuerySet[Entry]:
        systems = apps.get_model(SYSTEM_MODEL)._default_manager.filter(pk=OuterRef("system_id"))  # noqa: SLF001 - documented
        visible = Entry.objects.visible_to(self.request.user).select_related("actor")
        return visible.defer("body").annotate(system_name=Subquery(systems.values("name")[:1]))

    @cached_property
    def standing(self) -> AuditState:
        return audit_state()

    def summary(self) -> str:
        seal, count = self.standing.seal, self.standing.waiting
        waiting = ngettext("%(count)s entry waits.", "%(count)s entries wait.", count) % {"count": count}
        if seal is None:
            return _("Nothing is sealed yet. %(waiting)s") % {"waiting": waiting}
        told = {"when": figures.moment(seal.sealed_at), "seal": seal.number, "waiting": waiting}
        return _("Sealed up to %(when)s, seal %(seal)s. %(waiting)s") % told

    def facts(self) -> Sequence[Fact]:
        return [reading.verification(self.standing.verified)]

    def empty(self) -> Empty:
        return Empty(_("No entries yet"), _("Whatever anybody changes leaves an entry here by itself."))

    def context(self) -> Mapping[str, Any]:
        return {
            "may_export": may(self.request.user, "audit.export.read"),
            "export_url": f"{reverse('v1:audit-export')}?{self.filters()}",
        }

    def filters(self) -> str:
        """The filters in use, for the export with proofs."""
        query = self.request.GET.copy()
        for name in ("sort", "page", "cols", "size"):
            query.pop(name, None)
        return query.urlencode()


class EntryPage(Page):
    """One entry: who did what, what changed, and that it stands as it was recorded."""

    does = "audit.read"
    template_name = "audit/entry.html"
    nav = "audit:entries"

    @cached_property
    def entry(self) -> Entry:
        visible = Entry.objects.visible_to(self.request.user).select_related("actor")
        found = visible.filter(pk=self.kwargs["pk"]).first()
        if found is None:
            raise Missing
        return found

    @cached_property
    def told(self) -> dict[str, Any]:
        """The body with personal values, for whoever may read it in full."""
        return disclosed([self.entry.told], erased=_("erased"))[0]

    @property
    def in_full(self) -> bool:
        return bool(self.entry.in_full)  # type: ignore[attr-defined] # annotated by visible_to

    def heading(self) -> str:
        named = reading.thing(self.entry)
        return f"{reading.deed(self.entry)}: {named}" if named else reading.deed(self.entry)

    def summary(self) -> str:
        told = {"who": reading.who(self.entry), "when": figures.moment(self.entry.happened_at)}
        if self.entry.denied:
            return _("Refused to %(who)s, %(when)s.") % told
        return _("By %(who)s, %(when)s.") % told

    def crumbs(self) -> Sequence[Crumb]:
        return (Crumb(_("Audit"), reverse("audit:entries")), Crumb(str(self.entry.pk)))

    def context(self) -> Mapping[str, Any]:
        about = Entry.objects.visible_to(self.request.user).filter(
            object_type=self.entry.object_type, object_id=self.entry.object_id
        )
        around = about.exclude(pk=self.entry.pk).select_related("actor") if self.entry.object_id else ()
        return {
            "entry": self.entry,
            "in_full": self.in_full,
            "changes": reading.changes(self.told) if self.in_full else (),
            "notes": self._notes() if self.in_full else (),
            "origin": self._origin(),
            "seal": reading.seal_of(self.entry),
            "around": reading.events(around[:AROUND]),
            "object_url": reading.address(self.entry),
        }

    def _notes(self) -> list[Fact]:
        reason = [Fact(_("Reason"), self.entry.reason)] if self.entry.reason else []
        return [*reason, *(Fact(*fact) for fact in reading.named(self.told["facts"]))]

    def _origin(self) -> list[Fact]:
        entry = self.entry
        facts = [
            Fact(_("Took effect"), figures.moment(entry.happened_at)),
            Fact(_("Recorded"), figures.moment(entry.recorded_at)),
            Fact(_("Action"), entry.action),
            Fact(_("Through"), reading.through(entry)),
            Fact(_("Request"), entry.request_id or figures.MISSING),
        ]
        if self.in_full and self.told["ip"]:
            facts.append(Fact(_("Address"), self.told["ip"]))
        if self.told["token"]:
            facts.append(Fact(_("Token"), self.told["token"]))
        return facts


class SealList(ListPage):
    """The seals: what an anchor or a printed checkpoint is compared with."""

    does = "audit.read"
    nav = "audit:entries"
    title = gettext_lazy("Seals")
    noun = (gettext_lazy("seal"), gettext_lazy("seals"))
    table_class = SealTable

    def rows(self) -> QuerySet[Seal]:
        return Seal.objects.all()

    def crumbs(self) -> Sequence[Crumb]:
        return (Crumb(_("Audit"), reverse("audit:entries")), Crumb(str(self.title)))

    def summary(self) -> str:
        return _("Each seal signs a batch of entries and names the seal before it.")

    def empty(self) -> Empty:
        return Empty(_("No seals yet"), _("The first one follows the first entry within seconds."))


class VerifierFile(View):
    """The verifier, one file, to check an export on another machine."""

    does = "audit.export.read"
    http_method_names = ["get", "options"]

    def get(self, request: HttpRequest) -> FileResponse:  # noqa: ARG002 - a view's signature
        file = Path(verifier.__file__)
        return FileResponse(file.open("rb"), as_attachment=True, filename=file.name)
