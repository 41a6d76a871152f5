"""The context processor of the shell: navigation, organisation, person, appearance.

Everything is read when the template first asks for it, so a fragment that draws no shell costs no query.

``settings.PORTAL_SHELL`` lists functions ``(request) -> dict``; what they return is merged into ``shell``:

    organisation  an object with ``name`` and ``simulated``
    inbox_count   how much needs this person; ``inbox_url`` where it stands
    theme         light, dark or system; density comfortable or compact; else what this browser was told
    appearance_url  where the person's menu sends a choice of these
    menu          further lines of the person's menu, as (title, url)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register
from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse
from django.utils.functional import SimpleLazyObject
from django.utils.module_loading import import_string
from django.utils.translation import gettext

from portal.areas import NavItem, declared
from portal.rights import may
from portal.web.figures import initials

GROUPS = ("", "Direct", "Build and run", "Assure", "People", "Admin", "Foot")
"""The groups of the navigation in their order. The first has no heading, the last stands at the bottom."""

THEMES = ("system", "light", "dark")
DENSITIES = ("comfortable", "compact")


@dataclass(frozen=True, slots=True)
class NavLink:
    title: str
    url: str
    current: bool = False
    count: int | None = None


@dataclass(frozen=True, slots=True)
class NavGroup:
    title: str
    links: tuple[NavLink, ...]

    @property
    def at_foot(self) -> bool:
        return self.title == "Foot"


def shell(request: HttpRequest) -> dict[str, Any]:
    """The context processor: ``{{ shell.… }}`` in any template."""
    return {"shell": SimpleLazyObject(lambda: build(request))}


def build(request: HttpRequest) -> dict[str, Any]:
    """The whole shell of a request."""
    person = getattr(request, "user", None)
    found: dict[str, Any] = {
        "organisation": {"name": gettext("AI governance portal"), "simulated": False},
        "theme": _told(request, "theme", THEMES),
        "density": _told(request, "density", DENSITIES),
        "appearance_url": reverse("web:appearance"),
        "inbox_count": None,
        "inbox_url": "",
        "menu": (),
        "person": _name(person),
        "version": settings.PORTAL_VERSION,
    }
    for provide in _providers():
        found |= provide(request)
    found["initials"] = initials(found["person"])
    found["theme_words"] = tuple(
        zip(THEMES, (gettext("System"), gettext("Light"), gettext("Dark")), strict=True)
    )
    found["density_words"] = tuple(zip(DENSITIES, (gettext("Comfortable"), gettext("Compact")), strict=True))
    found["keys"] = request.COOKIES.get("keys") != "off"
    found["groups"] = navigation(request, found)
    return found


def _providers() -> list[Callable[[HttpRequest], Mapping[str, Any]]]:
    return [import_string(path) for path in settings.PORTAL_SHELL]


def _name(person: Any) -> str:
    if person is None or not person.is_authenticated:
        return ""
    return str(getattr(person, "short_name", "") or person)


def _told(request: HttpRequest, name: str, known: tuple[str, ...]) -> str:
    """What this browser was told to show whoever has no saved choice; else the first of the known."""
    value = request.COOKIES.get(name, "")
    return value if value in known else known[0]


def navigation(request: HttpRequest, found: Mapping[str, Any]) -> tuple[NavGroup, ...]:
    """The groups a person may see; an item without permission is absent, a group without items too."""
    allowed = [item for item in declared("nav") if may(request.user, item.does)]
    urls = {item.page: url for item in allowed if (url := address_of(item)) is not None}
    items = [item for item in allowed if item.page in urls]
    current = _current(request, urls)
    groups = []
    for title in GROUPS:
        mine = sorted((item for item in items if item.group == title), key=lambda item: item.order)
        links = tuple(_link(item, urls[item.page], current, found) for item in mine)
        if links:
            groups.append(NavGroup(title, links))
    return tuple(groups)


def address_of(item: NavItem) -> str | None:
    """Where an item leads. None for a page that does not exist, which a system check reports."""
    try:
        return reverse(item.page)
    except NoReverseMatch:
        return None


@register()
def every_item_leads_somewhere(**_: Any) -> list[CheckMessage]:
    """A system check: each item of the navigation names a page that exists, in a group that is shown."""
    dead = [item for item in declared("nav") if address_of(item) is None]
    lost = [item for item in declared("nav") if item.group not in GROUPS]
    return [
        *(
            Error(f"navigation item {item.title!r} names no page: {item.page!r}", id="web.E001")
            for item in dead
        ),
        *(
            Error(f"navigation item {item.title!r} is in no group: {item.group!r}", id="web.E002")
            for item in lost
        ),
    ]


def _link(item: NavItem, url: str, current: str, found: Mapping[str, Any]) -> NavLink:
    count = found["inbox_count"] if url == found["inbox_url"] else None
    return NavLink(gettext(item.title), url, current=item.page == current, count=count)


def _current(request: HttpRequest, urls: Mapping[str, str]) -> str:
    """The page the request belongs to: what the view said, or else the longest address that begins it."""
    said = getattr(request, "nav_page", "")
    if said:
        return str(said)
    fitting = [page for page, url in urls.items() if request.path.startswith(url) and url != "/"]
    if fitting:
        return max(fitting, key=lambda page: len(urls[page]))
    return next((page for page, url in urls.items() if url == request.path), "")
