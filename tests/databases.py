"""The databases of a test run: one migrated template, and clones of it.

Tests connect as `portal_app`, the role of web and workers; only migrations and what the code itself sends
through the alias `owner` run as `portal_owner`.
"""

import os
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from urllib.parse import urlsplit, urlunsplit

import psycopg2
from django.core.management import call_command
from django.db import connections
from psycopg2.errors import InsufficientPrivilege
from psycopg2.extensions import connection as Connection  # noqa: N812 — a class in spite of its name
from psycopg2.extensions import cursor as Cursor  # noqa: N812 — the same
from psycopg2.sql import SQL, Identifier, Literal

TEMPLATE = "portal_migrated"
MIGRATION_LOCK = 7_403_518  # any number, the same in every worker of a run
URLS = ("DATABASE_URL", "DATABASE_OWNER_URL")


@contextmanager
def clone(name: str) -> Iterator[None]:
    """Copy the migrated template, work on the copy with real commits, and drop it."""
    _make_template()
    with closing(_maintenance()) as server, server.cursor() as cursor:
        _drop(cursor, name)
        cursor.execute(SQL("CREATE DATABASE {} TEMPLATE {}").format(Identifier(name), Identifier(TEMPLATE)))
        try:
            with connected_to(name):
                yield
        finally:
            _drop(cursor, name)


@contextmanager
def connected_to(name: str) -> Iterator[None]:
    """Point every connection at this database: Django's, and through the environment those of children."""
    before = {url: os.environ[url] for url in URLS}
    names = {alias: connections[alias].settings_dict["NAME"] for alias in connections}
    try:
        _switch(dict.fromkeys(names, name), {url: _with_database(before[url], name) for url in URLS})
        yield
    finally:
        _switch(names, before)


def _make_template() -> None:
    """Migrate once a run, by whoever comes first; the others wait for it."""
    run = os.environ["PORTAL_TEST_RUN"]
    with closing(_maintenance()) as server, server.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_lock(%s)", [MIGRATION_LOCK])
        cursor.execute(
            "SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = %s", [TEMPLATE]
        )
        if cursor.fetchone() == (run,):
            return
        _drop(cursor, TEMPLATE)
        cursor.execute(SQL("CREATE DATABASE {}").format(Identifier(TEMPLATE)))
        with connected_to(TEMPLATE):
            call_command("migrate", database="owner", interactive=False, verbosity=0)
        cursor.execute(SQL("COMMENT ON DATABASE {} IS {}").format(Identifier(TEMPLATE), Literal(run)))


def _drop(cursor: Cursor, name: str) -> None:
    """Drop a database with whoever is connected to it. A vacuum under way, which the owner may not end, is
    waited for.
    """
    until = time.monotonic() + 30
    while True:
        try:
            cursor.execute(SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(Identifier(name)))
        except InsufficientPrivilege:
            if time.monotonic() > until:
                raise
            time.sleep(0.1)
        else:
            return


def _maintenance() -> Connection:
    server = psycopg2.connect(_with_database(os.environ["DATABASE_OWNER_URL"], "postgres"))
    server.autocommit = True
    return server


def _switch(names: dict[str, str | None], urls: dict[str, str]) -> None:
    for alias, name in names.items():
        connections[alias].close()
        connections[alias].settings_dict["NAME"] = name
    os.environ.update(urls)


def _with_database(url: str, name: str) -> str:
    return urlunsplit(urlsplit(url)._replace(path=f"/{name}"))
