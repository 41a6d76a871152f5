"""Who may do what: the matrix merged from the areas' declarations, and the gate every route passes.

Two questions, two answers. *What may this role do?* is answered here. *On which systems?* is answered by
``visible_to`` in the registry. A route without a declared action refuses to start the server.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from functools import cache
from typing import Any

from django.core.checks import CheckMessage, Error, register
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase
from django.urls import URLPattern, URLResolver, get_resolver
from django.views.generic import RedirectView

from portal.areas import EVERYONE, Role, declared
from portal.areas import areas as declared_areas
from portal.errors import Denied

PUBLIC = "public"
"""The action of the few routes that anybody may call: sign-in, health, version."""

SIGNED_IN = "signed_in"
"""The action of routes that any active person may call: own profile, inbox, help."""

FOREIGN: tuple[tuple[str, str], ...] = (
    ("account_", PUBLIC),
    ("mfa_", SIGNED_IN),
    ("socialaccount_", PUBLIC),
    ("openid_connect_", PUBLIC),
    ("usersessions_", SIGNED_IN),
)
"""Routes of packages, which cannot carry an action themselves, by the start of their name."""


@cache
def matrix() -> Mapping[str, frozenset[Role]]:
    """Each action and the roles that hold it, merged from all areas. Raises ValueError on a double."""
    merged: dict[str, frozenset[Role]] = {}
    for area in declared_areas():
        for action, roles in area.may.items():
            if action in merged:
                raise ValueError(f"action {action!r} is declared twice; {area.slug} is the second")
            merged[action] = frozenset(roles)
    merged[SIGNED_IN] = EVERYONE
    return merged


def may(user: Any, action: str) -> bool:
    """Whether a person holds the action through any of their roles. Raises KeyError for an unknown action."""
    if action == PUBLIC:
        return True
    if not user.is_authenticated or not user.is_active:
        return False
    if action == SIGNED_IN:
        return True
    if user.token is not None and not user.token.allows(action):
        return False
    return bool(matrix()[action] & user.roles)


def require(user: Any, action: str) -> None:
    """Raise Denied, with a sentence that names who may, unless the person holds the action."""
    if not may(user, action):
        token = getattr(user, "token", None)
        if token is not None and not token.allows(action):
            raise Denied(f"The token {token.name!r} has no scope for this; its scopes are {token.scopes}.")
        who = ", ".join(sorted(matrix()[action])) or "nobody"
        raise Denied(f"This needs one of these roles: {who}.")


def action_of(callback: Callable[..., Any], name: str | None, method: str = "GET") -> str | None:
    """The declared action of a view: a string, or a table by HTTP method or viewset action."""
    view = getattr(callback, "cls", None) or getattr(callback, "view_class", None) or callback
    does = getattr(callback, "does", None) or getattr(view, "does", None)
    if isinstance(does, Mapping):
        handler = getattr(callback, "actions", {}).get(method.lower(), method.lower())
        does = does.get(handler) or does.get("*")
    if does is None and view is RedirectView:
        return PUBLIC  # it shows nothing; where it leads has an action of its own
    if does is None and name:
        does = next((action for start, action in FOREIGN if name.startswith(start)), None)
    return does if isinstance(does, str) else None


def routes() -> Iterator[tuple[str, URLPattern]]:
    """Every route of the portal, with its full pattern."""
    yield from _walk(get_resolver(), "")


def _walk(resolver: URLResolver, prefix: str) -> Iterator[tuple[str, URLPattern]]:
    for entry in resolver.url_patterns:
        path = prefix + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from _walk(entry, path)
        else:
            yield path, entry


def methods_of(pattern: URLPattern) -> tuple[str, ...]:
    """The HTTP methods a route answers, as far as its view says."""
    actions = getattr(pattern.callback, "actions", None)
    if actions:
        return tuple(method.upper() for method in actions)
    view = getattr(pattern.callback, "view_class", None) or getattr(pattern.callback, "cls", None)
    names = getattr(view, "http_method_names", ("get",))
    return tuple(m.upper() for m in names if view is None or hasattr(view, m))


@register()
def every_route_names_an_action(**_: Any) -> list[CheckMessage]:
    """A system check: the server does not start while a route has no declared action."""
    known = {PUBLIC, *matrix()}
    problems: list[CheckMessage] = []
    for path, pattern in routes():
        for method in methods_of(pattern) or ("GET",):
            if method in {"HEAD", "OPTIONS"}:
                continue
            action = action_of(pattern.callback, pattern.name, method)
            if action is None:
                problems.append(Error(f"{method} {path} names no action", id="rights.E001"))
            elif action not in known:
                problems.append(Error(f"{method} {path} names {action!r}, undeclared", id="rights.E002"))
    return problems


@register()
def every_declared_action_exists(**_: Any) -> list[CheckMessage]:
    """A system check: features, navigation and tabs name actions of the matrix."""
    known = {PUBLIC, *matrix()}
    return [
        Error(f"{kind} {item.title!r} names {item.does!r}, undeclared", id="rights.E003")
        for kind in ("features", "nav", "tabs")
        for item in declared(kind)
        if item.does not in known
    ]


class RouteGate:
    """Middleware: nothing unlabelled is answered, nobody passes without the action.

    Bearer and basic tokens authenticate later, in the API, which asks ``require`` itself; so a request to
    an API route by somebody without a session passes here and is judged there.
    """

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        return self.get_response(request)

    def process_view(
        self, request: HttpRequest, view: Callable[..., Any], _args: Any, _kwargs: Any
    ) -> HttpResponseBase | None:
        name = request.resolver_match.url_name if request.resolver_match else None
        if getattr(getattr(view, "cls", None), "does", None) is not None:
            return None  # the API judges itself, and answers a method it does not take with 405
        action = action_of(view, name, request.method or "GET")
        if action is None:
            raise PermissionDenied("This address has no declared action.")
        if may(request.user, action):
            return None
        if request.user.is_authenticated:
            try:
                require(request.user, action)
            except Denied as denial:  # no view has begun, so nothing but Django's own 403 answers
                raise PermissionDenied(denial.detail) from denial
        return _sign_in(request)


def _sign_in(request: HttpRequest) -> HttpResponseBase:
    from django.contrib.auth.views import redirect_to_login  # noqa: PLC0415 - needs the app registry

    return redirect_to_login(request.get_full_path())
