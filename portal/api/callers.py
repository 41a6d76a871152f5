"""Who calls: the token, the person or, of strangers, the address."""

from __future__ import annotations

from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest
from rest_framework.request import Request


def principal(request: Request) -> str | None:
    """The token or person behind an authenticated request, e.g. ``token 12``; None for a stranger.

    Two tokens of one person are two principals: they may do different things.
    """
    if request.auth is not None and getattr(request.auth, "pk", None) is not None:
        return f"token {request.auth.pk}"
    if request.user is not None and request.user.is_authenticated:
        return f"user {request.user.pk}"
    return None


def address(request: Request | HttpRequest) -> str:
    """The caller's address, or ``unknown``. Behind a proxy it is the last one: our own proxy wrote that."""
    told = request.META.get("REMOTE_ADDR", "")
    if settings.SECURE_PROXY_SSL_HEADER is not None:
        told = request.META.get("HTTP_X_FORWARDED_FOR", told).rpartition(",")[2].strip()
    try:
        return str(ip_address(told))
    except ValueError:
        return "unknown"
