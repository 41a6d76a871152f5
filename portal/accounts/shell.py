"""What the shell of every page shows of the organisation and the person."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest

from portal.accounts.services import organisation


def provide(request: HttpRequest) -> dict[str, Any]:
    """The organisation, and the person's theme and density."""
    user = request.user
    signed_in = user.is_authenticated
    return {
        "organisation": organisation(),
        "theme": user.theme if signed_in else "system",
        "density": user.density if signed_in else "comfortable",
    }
