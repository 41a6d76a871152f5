"""Pages of development: asking for a release, and saying where a model belongs."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import Any

from django.urls import reverse

from lifecycle.development.forms import ReleaseForm, SystemForm
from lifecycle.development.services import assign_system, request_release
from portal.errors import Missing
from portal.registry.models import RegisteredModel
from portal.registry.pages import VersionPage
from portal.web.pages import FormPage
from portal.web.parts import Crumb, Tab


class RequestRelease(VersionPage, FormPage):
    """An engineer asks the committee to let a version into production."""

    does = "development.request_release"
    title = "Request release"
    template_name = FormPage.template_name
    form_class = ReleaseForm
    submit = "Request release"

    def heading(self) -> str:
        return f"Request the release of {self.version}"

    def summary(self) -> str:
        return "Two members of the governance committee decide within seven days. You do not vote."

    def tabs(self) -> Sequence[Tab]:
        return ()

    def perform(self, form: Any) -> str:
        reason = form.cleaned_data["reason"]
        return request_release(self.version, actor=self.person, reason=reason).get_absolute_url()

    def done(self, form: Any) -> str:  # noqa: ARG002 - the base's signature
        return "The committee has been asked."


class AssignSystem(FormPage):
    """Somebody says which system a model belongs to."""

    does = "development.assign_system"
    title = "Assign a system"
    nav = "registry:models"
    form_class = SystemForm
    submit = "Assign system"

    @cached_property
    def model(self) -> RegisteredModel:
        visible = RegisteredModel.objects.visible_to(self.person, self.does)
        found = visible.select_related("system").filter(name=self.kwargs["name"]).first()
        if found is None:
            raise Missing(f"There is no model {self.kwargs['name']}.")
        return found

    def heading(self) -> str:
        return f"Which system does {self.model.name} belong to?"

    def crumbs(self) -> Sequence[Crumb]:
        models = Crumb("Models", reverse("registry:models"))
        return (models, Crumb(self.model.name, self.model.get_absolute_url()), Crumb("Assign a system"))

    def form_arguments(self) -> Mapping[str, Any]:
        return {"user": self.person}

    def perform(self, form: Any) -> str:
        changed = assign_system(self.model, form.cleaned_data["system"], actor=self.person)
        return changed.get_absolute_url()
