"""What the shell of every page shows of the inbox."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.urls import reverse

from portal.findings.models import Notification


def provide(request: HttpRequest) -> dict[str, Any]:
    """How many things need this person, and where they stand. One query."""
    if not request.user.is_authenticated:
        return {}
    return {
        "inbox_count": Notification.objects.needing(request.user).count(),
        "inbox_url": reverse("findings:inbox"),
    }
