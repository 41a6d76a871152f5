"""Views of lists that people keep: a name for how a list is filtered and sorted."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from django.http import Http404, HttpRequest, HttpResponseBase
from django.shortcuts import get_object_or_404, redirect
from django.urls import NoReverseMatch, resolve, reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.findings.forms import ViewForm
from portal.findings.models import SavedView
from portal.findings.services import remove_view, save_view
from portal.rights import SIGNED_IN, action_of, may
from portal.web.pages import ActionView, FormPage, ListPage
from portal.web.parts import Crumb


class SaveView(FormPage):
    """Keep how a list is filtered and sorted now; below it, what is kept of that list already."""

    does = SIGNED_IN
    title = gettext_lazy("Save this view")
    template_name = "findings/save_view.html"
    form_class = ViewForm
    submit = gettext_lazy("Save view")

    @cached_property
    def address(self) -> str:
        """Where the list stands. Raises Http404 for what is no list, or not one that this person may read."""
        try:
            address = reverse(self.kwargs["page"])
        except NoReverseMatch as error:
            raise Http404 from error
        view = getattr(resolve(address).func, "view_class", None)
        action = action_of(view, None) if view is not None and issubclass(view, ListPage) else None
        if view is None or action is None or not may(self.person, action):
            raise Http404
        self.list_title = str(view.title)
        return address

    def crumbs(self) -> Sequence[Crumb]:
        address = self.address
        return (Crumb(self.list_title, address), Crumb(str(self.title)))

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if not request.GET:
            return redirect(self.address)
        return super().get(request, *args, **kwargs)

    def context(self) -> Mapping[str, Any]:
        mine = SavedView.objects.filter(owner=self.person, page=self.kwargs["page"])
        return {"mine": mine, "address": self.address}

    def perform(self, form: Any) -> str:
        address, query = self.address, self.request.GET.urlencode()
        save_view(self.kwargs["page"], query=query, actor=self.person, **form.cleaned_data)
        return f"{address}?{query}"


class RemoveView(ActionView):
    """Forgets one of one's own views."""

    does = SIGNED_IN

    @cached_property
    def view(self) -> SavedView:
        return get_object_or_404(SavedView, pk=self.kwargs["pk"], owner=self.person)

    def perform(self) -> str:
        remove_view(self.view, actor=self.person)
        return _("%(name)s is forgotten.") % {"name": self.view.name}

    def back_url(self) -> str:
        return reverse(self.view.page)
