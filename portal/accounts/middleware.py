"""Roles that can do much must have a second factor where the installation requires it."""

from __future__ import annotations

from collections.abc import Callable

from allauth.mfa.utils import is_mfa_enabled
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import redirect

from portal.areas import Role

MFA_ROLES = frozenset({Role.ADMINISTRATOR, Role.ETHICS, Role.AUDITOR, Role.COMMITTEE, Role.EXECUTIVE})
OPEN_PATHS = ("/accounts/", "/static/", "/healthz", "/readyz", "/version")


class SecondFactor:
    """Send whoever must have a second factor and has none to the page where they set it up."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponseBase]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponseBase:
        if settings.PORTAL_REQUIRE_MFA and self._lacks_factor(request):
            return redirect("mfa_activate_totp")
        return self.get_response(request)

    def _lacks_factor(self, request: HttpRequest) -> bool:
        if request.path.startswith(OPEN_PATHS) or not request.user.is_authenticated:
            return False
        return bool(MFA_ROLES & request.user.roles) and not is_mfa_enabled(request.user)
