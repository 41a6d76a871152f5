"""``manage.py demo``: make the simulated organisation, through the same services as people use."""

from __future__ import annotations

import os
import secrets
from datetime import date
from time import monotonic
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.module_loading import import_string

from portal.accounts.models import Organisation
from portal.accounts.services import organisation
from portal.areas import Story, areas


class Command(BaseCommand):
    help = "Make the simulated organisation Fennmark Group: eight systems, four quarters of history."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--today", type=date.fromisoformat, help="the day its history ends on")
        parser.add_argument("--remove", action="store_true", help="say how to remove it")

    def handle(self, *_: Any, **options: Any) -> None:
        if options["remove"]:
            raise CommandError("Stop the portal and remove its folder; there is nothing else to undo.")
        if Organisation.objects.exists():
            raise CommandError(f"{organisation().name} is set up already. The demo needs an empty portal.")
        story = Story(today=options["today"] or organisation().today(), password=password(), say=self._say)
        begun = monotonic()
        for area in areas():
            if area.simulate:
                self._say(f"{area.title} …")
                import_string(area.simulate)(story)
        self._say(f"The simulated organisation is ready after {monotonic() - begun:.0f} s.")

    def _say(self, line: str) -> None:
        self.stdout.write(line)
        self.stdout.flush()


def password() -> str:
    """The log-in of the whole cast: given, or made once and kept beside the data."""
    if given := os.environ.get("PORTAL_DEMO_PASSWORD"):
        return given
    path = settings.PORTAL_HOME / "demo-password"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch(mode=0o600)
        path.write_text(secrets.token_urlsafe(9))
    return path.read_text().strip()
