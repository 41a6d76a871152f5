from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from portal.audit.services import rotate_key
from portal.errors import Refused


class Command(BaseCommand):
    help = "Put a new key for signing seals in force, endorsed by the present one."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--reason", required=True, help="why, as it will stand in the audit")
        parser.add_argument(
            "--lost", action="store_true", help="the present key is lost; verifiers must be told the new one"
        )

    def handle(self, *, reason: str, lost: bool, **_: Any) -> None:
        try:
            key = rotate_key(actor=None, reason=reason, lost=lost)
        except Refused as error:
            raise CommandError(error.detail) from error
        self.stdout.write(f"Key {key.key_id} signs from seal {key.first_seal} on.")
