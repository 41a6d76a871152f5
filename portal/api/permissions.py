"""The declared action of a route, asked once before its handler runs."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rest_framework.exceptions import NotAuthenticated
from rest_framework.permissions import BasePermission
from rest_framework.request import Request

from portal.errors import Denied
from portal.rights import PUBLIC, SIGNED_IN, require


class DeclaredAction(BasePermission):
    """What may this role do? ``view.does`` names the action; ``get_queryset`` says on which rows."""

    def has_permission(self, request: Request, view: Any) -> bool:
        """True, or raises: NotAuthenticated (401) before anything else, then Denied (403)."""
        action = declared_action(view)
        if action == PUBLIC:
            return True
        if not request.user.is_authenticated:
            raise NotAuthenticated("Send a token as `Authorization: Bearer …`, or sign in.")
        require(request.user, action)
        return True


def declared_action(view: Any) -> str:
    """The action of the request a view is answering.

    ``does`` is one action, or a table by viewset action (``list``, ``create``, …) or HTTP method (``get``)
    in which ``*`` stands for the rest. A method that the view does not take asks for a signed-in person,
    who then learns so (405). Raises Denied where the view declares nothing: nothing undeclared is answered.
    """
    does: str | Mapping[str, str] | None = getattr(view, "does", None)
    if does is None:
        raise Denied("This address has no declared action.")
    if isinstance(does, str):
        return does
    method = view.request.method.lower()
    handler = getattr(view, "action", None) if hasattr(view, "action_map") else method
    is_taken = method in view.http_method_names and hasattr(view, method)
    if handler is None or not is_taken:
        return SIGNED_IN
    action = does.get(handler) or does.get("get" if method == "head" else handler) or does.get("*")
    if action is None:
        raise Denied("This address has no declared action.")
    return action
