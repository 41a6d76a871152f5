# ruff: noqa: PLC0415 — Django is set up, with a database, before anything of the portal is imported
"""A migrated portal on a throw-away PostgreSQL, for benchmarks that write."""

import os
import sys
import tempfile
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent


@contextmanager
def portal() -> Iterator[None]:
    """Django set up, connected to an empty, migrated database that is dropped at the end."""
    sys.path.insert(0, str(ROOT))
    from scripts import servers

    with servers.throwaway() as environment, tempfile.TemporaryDirectory(prefix="portal-home-") as folder:
        os.environ.update(environment)
        os.environ |= {
            "PORTAL_HOME": folder,
            "PORTAL_TEST_RUN": uuid.uuid4().hex,
            "DJANGO_SETTINGS_MODULE": "portal.settings",
        }
        import django

        django.setup()
        from django.conf import settings

        settings.DEBUG = False  # development settings keep every query in memory
        settings.ALLOWED_HOSTS = ["*"]
        from tests import databases

        with databases.clone("benchmark"):
            yield
