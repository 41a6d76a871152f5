"""The first page a person sees, one for each of their roles."""

from __future__ import annotations

from portal.web.pages import Page


class Home(Page):
    """The home of a role."""

    does = "signed_in"
    template_name = "dashboards/home.html"
    title = "Home"
