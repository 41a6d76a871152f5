"""Base pages about one system or one version, fetched from what this person may see."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property

from django.urls import reverse

from portal.registry.models import ModelVersion, System
from portal.registry.selectors import system_named, version_named, version_tabs
from portal.rights import action_of
from portal.web.pages import Page
from portal.web.parts import Crumb, Tab


class SystemPage(Page):
    """A page about the system of the address; ``self.system`` is visible, or the page answers 404."""

    nav = "registry:systems"

    @cached_property
    def system(self) -> System:
        does = action_of(type(self), None, self.request.method or "GET")
        assert does is not None
        return system_named(self.person, self.kwargs["ref"], does)

    def crumbs(self) -> Sequence[Crumb]:
        return (Crumb("Systems", reverse("registry:systems")), Crumb(self.system.name))


class VersionPage(Page):
    """A page about the version of the address: ``self.version``. ``tab`` is the page name of its tab."""

    nav = "registry:models"
    tab = ""

    @cached_property
    def version(self) -> ModelVersion:
        does = action_of(type(self), None, self.request.method or "GET")
        assert does is not None
        return version_named(self.person, self.kwargs["name"], self.kwargs["number"], does)

    def crumbs(self) -> Sequence[Crumb]:
        version = self.version
        here = Crumb(str(self.title)) if self.title else Crumb(f"Version {version.number}")
        model = version.model
        path = [Crumb("Models", reverse("registry:models")), Crumb(model.name, model.get_absolute_url())]
        if self.title:
            path.append(Crumb(f"Version {version.number}", version.get_absolute_url()))
        return (*path, here)

    def tabs(self) -> Sequence[Tab]:
        return version_tabs(self.person, self.version, self.tab)
