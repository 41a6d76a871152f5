"""``manage.py demo``: make the simulated organisation, through the services people use; or remove it."""

from __future__ import annotations

import os
import secrets
import sys
from datetime import date
from time import monotonic
from typing import Any

from django.conf import settings
from django.core.management.base import BaseCommand, CommandError, CommandParser
from django.utils.module_loading import import_string

from portal.accounts.models import Organisation
from portal.accounts.services import organisation
from portal.areas import Story, areas
from portal.audit.origin import acting
from portal.dashboards.removal import ORIGIN, remove
from portal.errors import Refused


class Command(BaseCommand):
    help = "Make the simulated organisation Fennmark Group: eight systems, four quarters of history."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--today", type=date.fromisoformat, help="the day its history ends on")
        parser.add_argument(
            "--if-empty",
            action="store_true",
            help="say so, and exit 1, where an organisation is set up already",
        )
        parser.add_argument(
            "--remove",
            action="store_true",
            help="empty the portal again, as long as nothing real stands in it",
        )

    def handle(self, *_: Any, **options: Any) -> None:
        if options["remove"]:
            self._remove()
        elif not Organisation.objects.exists():
            with acting(request_id=ORIGIN, via="command"):
                self._make(options["today"])
        elif organisation().simulated:
            self._say(f"{organisation().name}, the simulated organisation, is there already.")
        elif options["if_empty"]:
            self._say(f"{organisation().name} is set up; no simulated organisation is made.")
            sys.exit(1)
        else:
            raise CommandError(f"{organisation().name} is set up already. The demo needs an empty portal.")

    def _remove(self) -> None:
        try:
            remove()
        except Refused as refusal:
            raise CommandError(refusal.detail) from refusal
        self._say("The simulated organisation is gone; the portal is empty.")
        self._say("`PORTAL_DEMO=0 make run` starts it without another one.")

    def _make(self, today: date | None) -> None:
        story = Story(today=today or organisation().today(), password=password(), say=self._say)
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
