"""The few pages that belong to no area: find, help, appearance, gallery."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from django.contrib.staticfiles.storage import staticfiles_storage
from django.http import HttpRequest, HttpResponse, HttpResponseBase, HttpResponseRedirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.generic import View

from portal.areas import areas
from portal.rights import PUBLIC, SIGNED_IN
from portal.web import examples
from portal.web.context import DENSITIES, THEMES, build
from portal.web.pages import BulkAction, BulkPlan, FormPage, ListPage, Page
from portal.web.pages.base import safe_next
from portal.web.parts import Crumb, Hit, HitGroup, JobView
from portal.web.status import Tone

YEAR = 365 * 24 * 3600


class FindPage(Page):
    """Find anything: pages by name, and what the areas find of their objects."""

    does = SIGNED_IN
    template_name = "web/find.html"
    fragment_name = "components/found.html"
    title = gettext_lazy("Find")

    def heading(self) -> str:
        return _("Found for “%(q)s”") % {"q": self.q} if self.q else _("Find")

    @property
    def q(self) -> str:
        return self.request.GET.get("q", "").strip()[:200]

    def context(self) -> Mapping[str, Any]:
        return {"q": self.q, "groups": [group for group in self.groups() if group.hits]}

    def groups(self) -> list[HitGroup]:
        pages = [
            Hit(link.title, link.url, group.title)
            for group in build(self.request)["groups"]
            for link in group.links
            if self.q.lower() in link.title.lower()
        ]
        return [HitGroup(_("Go to"), pages[:8]), *(self.objects() if self.q else [])]

    def objects(self) -> list[HitGroup]:
        """What each area finds. A hit is a mapping with title, url and perhaps detail."""
        found = []
        for area in areas():
            if area.search is not None:
                hits = area.search(self.request.user, self.q)
                found.append(
                    HitGroup(_(area.title), [Hit(h["title"], h["url"], h.get("detail", "")) for h in hits])
                )
        return found


class Appearance(View):
    """Theme, density and keys of a browser, in cookies; a person's saved choice wins over the first two."""

    does = PUBLIC
    http_method_names: ClassVar[Sequence[str]] = ["post", "options"]  # type: ignore[misc] # narrower on purpose
    known: ClassVar[Mapping[str, Sequence[str]]] = {
        "theme": THEMES,
        "density": DENSITIES,
        "keys": ("on", "off"),
    }

    def post(self, request: HttpRequest) -> HttpResponseBase:
        response = HttpResponseRedirect(safe_next(request, "/"))
        for name, values in self.known.items():
            value = request.POST.get(name, "")
            if value in values:
                response.set_cookie(name, value, max_age=YEAR, samesite="Lax", secure=request.is_secure())
        return response


class HelpPage(Page):
    does = PUBLIC
    template_name = "web/help.html"
    title = gettext_lazy("Help")

    def context(self) -> Mapping[str, Any]:
        return {"tones": [(tone, word) for tone, word in examples.TONES]}


class AccessibilityPage(Page):
    does = PUBLIC
    template_name = "web/accessibility.html"
    title = gettext_lazy("Accessibility statement")


def favicon(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 - Django's signature
    """Browsers ask here whatever the page says."""
    return HttpResponseRedirect(staticfiles_storage.url("img/icon.svg"))


favicon.does = PUBLIC  # type: ignore[attr-defined] # read by the route gate


class GalleryPage(Page):
    """Every component in every state."""

    does = "web.gallery"
    template_name = "web/gallery.html"
    title = gettext_lazy("Gallery")

    def heading(self) -> str:
        return _("Every component in every state")

    def summary(self) -> str:
        return _("What a page may be made of. All names and numbers here are invented.")

    def crumbs(self) -> Sequence[Crumb]:
        return (Crumb("Admin"), Crumb(_("Gallery")))

    def context(self) -> Mapping[str, Any]:
        return examples.everything()


class GalleryList(ListPage):
    """The list, with rows that stand in no table of the database."""

    does = "web.gallery"
    title = gettext_lazy("List")
    noun = (gettext_lazy("model"), gettext_lazy("models"))
    table_class = examples.ModelTable
    note = gettext_lazy("“—” means not measured")
    bulk_actions = (
        BulkAction(
            "assign",
            gettext_lazy("Assign deputy"),
            "web.gallery",
            plan=lambda rows, _person: BulkPlan(len(rows), 0),
            apply=lambda rows, _person: (
                _("%(count)s would change; nothing is stored here.") % {"count": len(rows)}
            ),
        ),
    )
    nav = "web:gallery"

    def rows(self) -> Any:
        return examples.MODELS

    def heading(self) -> str:
        return _("38 models, 7 need attention")

    def crumbs(self) -> Sequence[Crumb]:
        return (Crumb(_("Gallery"), reverse("web:gallery")), Crumb(_("List")))

    def views(self) -> Sequence[Any]:
        return examples.VIEWS


class GalleryForm(FormPage):
    """A form with every kind of field; it saves nothing."""

    does = "web.gallery"
    title = gettext_lazy("Form")
    form_class = examples.EveryField
    nav = "web:gallery"

    def crumbs(self) -> Sequence[Crumb]:
        return (Crumb(_("Gallery"), reverse("web:gallery")), Crumb(_("Form")))

    def perform(self, form: Any) -> str:  # noqa: ARG002 - nothing is stored here
        return reverse("web:gallery")

    def done(self, form: Any) -> str:
        return _("“%(name)s” would be saved.") % {"name": form.cleaned_data["name"]}


class GalleryJob(Page):
    """The fragment of a job that advances each time it is asked for."""

    does = "web.gallery"
    template_name = fragment_name = "web/job.html"

    def context(self) -> Mapping[str, Any]:
        step = min(5, self.kwargs["step"])
        following = reverse("web:gallery-job", args=[step + 1])
        return {
            "job": JobView(
                title=_("Robustness, credit-limit v5"),
                url=reverse("web:gallery"),
                fragment_url=following,
                fraction=step / 5,
                step=_("Step %(step)s of 5: histograms") % {"step": step},
                done=step == 5,
                tone=Tone.GOOD,
                state=_("Done"),
            )
        }
