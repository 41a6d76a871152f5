"""Removing the simulated organisation: the database is made anew, empty, and its files go.

Only while nothing real stands in it. Every write leaves an audit entry that says where it came from, so the
audit knows: the simulation writes under a name of its own, and jobs only work on what is there.
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path
from urllib.parse import urlsplit

import psycopg2
from django.conf import settings
from django.core.management import call_command
from django.db import connections
from psycopg2.sql import SQL, Identifier

from portal.accounts.services import organisation
from portal.audit.models import Entry
from portal.errors import Refused

ORIGIN = "simulation"
"""The request id of everything the simulation writes."""
ADDED = (
    *("person.created", "unit.created", "system.created", "model.registered", "version.registered"),
    *("batch.received", "batch.stored", "bill.imported", "evidence.added", "kpi.created"),
)
"""Entries of rows that somebody would miss."""
FIRST_START = ("organisation", "servers/organisation")
"""Where `make run` remembers what its first start made, under the folder of the portal."""


def remove() -> None:
    """Make the database anew and remove the files. Raises Refused, with the reason, and then touches nothing.

    The owner of the database must be allowed to create one, as that of ``scripts/roles.sql`` is.
    """
    _refuse_what_is_real()
    _refuse_while_others_work()
    _recreate_database()
    for path in _files():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink(missing_ok=True)
    for state in FIRST_START:
        if (settings.PORTAL_HOME / state).exists():
            (settings.PORTAL_HOME / state).write_text("empty")


def _refuse_what_is_real() -> None:
    found = organisation()
    if not found.simulated:
        raise Refused(f"{found.name} is not simulated; nothing is removed.")
    real = Entry.objects.filter(action__in=ADDED, denied=False).exclude(request_id=ORIGIN).exclude(via="job")
    if first := real.order_by("pk").first():
        raise Refused(
            f"People have worked with {found.name}: {real.count()} rows came in since it was made, the first "
            f"as {first.action} on {first.recorded_at:%d %b %Y %H:%M}. Nothing is removed."
        )


def _refuse_while_others_work() -> None:
    with connections["owner"].cursor() as cursor:
        cursor.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database()"
            " AND backend_type = 'client backend' AND pid <> ALL(%s)",
            [list(_own_sessions())],
        )
        (others,) = cursor.fetchone()
        cursor.execute("SELECT rolcreatedb FROM pg_roles WHERE rolname = current_user")
        (may_create,) = cursor.fetchone()
    if not may_create:
        raise Refused("The owner of the database may not create one, so it is not dropped either.")
    if others:
        raise Refused(f"The portal still runs ({others} sessions); stop it first, with `make stop`.")


def _own_sessions() -> Iterator[int]:
    for alias in connections:
        with connections[alias].cursor() as cursor:
            cursor.execute("SELECT pg_backend_pid()")
            yield cursor.fetchone()[0]


def _recreate_database() -> None:
    """Drop the database and make it from the template, by its owner, then bring its tables in."""
    told = connections["owner"].get_connection_params()
    name = told.pop("dbname")
    told = {key: told[key] for key in ("host", "port", "user", "password") if told.get(key)}
    connections.close_all()
    with closing(psycopg2.connect(dbname="postgres", **told)) as server:
        server.autocommit = True
        with server.cursor() as cursor:
            # Without FORCE: nobody is connected, and a vacuum under way is ended by the server itself.
            cursor.execute(SQL("DROP DATABASE {}").format(Identifier(name)))
            cursor.execute(SQL("CREATE DATABASE {} TEMPLATE template1").format(Identifier(name)))
    call_command("migrate", database="owner", interactive=False, verbosity=0, skip_checks=True)


def _files() -> Iterator[Path]:
    """What the simulation left beside the database, as far as it lies in the portal's own folder."""
    home: Path = settings.PORTAL_HOME
    yield from (home / "demo-password", home / "mail", home / "audit-checkpoints.ndjson")
    storage = urlsplit(settings.PORTAL_STORAGE)
    if storage.scheme == "file" and Path(storage.path).is_relative_to(home):
        yield Path(storage.path)
    yield from (home / "log-ins", home / "servers" / "log-ins")
