"""What the shell of every page shows of the organisation and the person."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from portal.accounts.services import organisation


def provide(request: HttpRequest) -> dict[str, Any]:
    """The organisation, and the person's theme, density and menu."""
    user = request.user
    if not user.is_authenticated:
        return {"organisation": organisation()}
    return {
        "organisation": organisation(),
        "theme": user.theme,
        "density": user.density,
        "appearance_url": reverse("accounts:appearance"),
        "menu": (
            ("Profile", reverse("accounts:profile")),
            ("API tokens", reverse("accounts:tokens")),
        ),
    }
