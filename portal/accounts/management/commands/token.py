"""``manage.py token LOGIN``: print a new API token on stdout and nothing else."""

from __future__ import annotations

from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.accounts.models import SCOPES, User
from portal.accounts.services import issue_token
from portal.errors import PortalError


class Command(BaseCommand):
    help = "Make an API token for a person and print it; it is not shown again."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("login")
        parser.add_argument(
            "--scope",
            action="append",
            choices=sorted(SCOPES),
            help="may be given more than once; default all",
        )
        parser.add_argument("--days", type=int, default=90)
        parser.add_argument("--name", default="command line")

    def handle(self, *_: Any, **options: Any) -> None:
        user = User.objects.filter(username=options["login"], is_active=True).first()
        if user is None:
            raise CommandError(f"There is no active person with the log-in {options['login']!r}.")
        memberships = sorted(user.current_memberships, key=lambda m: len(m.unit.path))
        if not memberships:
            raise CommandError(f"{user.username} has no role in any unit, so a token could do nothing.")
        try:
            _made, key = issue_token(
                user,
                name=options["name"],
                unit=memberships[0].unit,
                scopes=options["scope"] or list(SCOPES),
                days=options["days"],
                actor=None,
            )
        except PortalError as error:
            raise CommandError(error.detail) from error
        self.stdout.write(key)
