"""How sign-in differs from the package's defaults: nobody signs up by themselves."""

from __future__ import annotations

from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from django.http import HttpRequest


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # an untyped package
    """People are invited; a form for strangers does not exist."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - the package's signature
        return False


def username_of(request: HttpRequest | None, credentials: dict[str, Any] | None) -> str:
    """The name the sign-in throttle counts by, whichever field it came in."""
    given = credentials or {}
    typed = request.POST.get("login", "") if request is not None else ""
    return str(given.get("username") or given.get("email") or typed).casefold()
