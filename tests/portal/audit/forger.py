"""Whoever owns the database, but not the signing key: what the audit must withstand.

Only for tests, on a database of their own: triggers are off while the forger works, foreign keys gone.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from hashlib import sha256
from typing import Any

import psycopg2
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from portal.audit import keys, merkle
from portal.audit.canonical import canonical
from portal.audit.models import Seal
from portal.audit.sealing import statement

TABLES = ("audit_entry", "audit_seal", "audit_position", "audit_sealkey", "audit_personalvalue")
PENDING = "audit_pending"
FOREIGN_KEYS = """
    SELECT relname, conname FROM pg_constraint JOIN pg_class ON pg_class.oid = conrelid
    WHERE contype = 'f' AND relname = ANY(%s)
"""

REHASH = """
    UPDATE audit_entry
    SET leaf = sha256('\\x00'::bytea || convert_to(audit_text(id, recorded_at, body), 'UTF8'))
"""
"""Make every leaf fit its changed content again."""

Execute = Callable[..., list[tuple[Any, ...]]]


@contextmanager
def as_owner() -> Iterator[Execute]:
    """Run statements as the owner of the tables, in one transaction."""
    with (
        closing(psycopg2.connect(os.environ["DATABASE_OWNER_URL"])) as server,
        server,
        server.cursor() as cursor,
    ):

        def execute(statement: str, *parameters: Any, **named: Any) -> list[tuple[Any, ...]]:
            cursor.execute(statement, parameters or named or None)
            return list(cursor.fetchall()) if cursor.description else []

        yield execute


@contextmanager
def forger() -> Iterator[Execute]:
    """The same without triggers and foreign keys; the triggers stand again when it ends."""
    with as_owner() as execute:
        for table, constraint in execute(FOREIGN_KEYS, list(TABLES)):
            execute(f"ALTER TABLE {table} DROP CONSTRAINT {constraint}")
        for table in TABLES:
            execute(f"ALTER TABLE {table} DISABLE TRIGGER USER")
        yield execute
        for table in TABLES:
            execute(f"ALTER TABLE {table} ENABLE TRIGGER USER")


def save() -> None:
    """Remember the tables as they are."""
    with as_owner() as execute:
        for table in (*TABLES, PENDING):
            execute(f"CREATE TABLE saved_{table} AS TABLE {table}")


def restore() -> None:
    """Put the tables back as they were remembered."""
    with forger() as execute:
        execute(f"TRUNCATE {', '.join((*TABLES, PENDING))} RESTART IDENTITY")
        for table in (*TABLES, PENDING):
            execute(f"INSERT INTO {table} OVERRIDING SYSTEM VALUE TABLE saved_{table}")
        execute("SELECT setval(pg_get_serial_sequence('audit_entry', 'id'), max(id)) FROM audit_entry")


def change_body(execute: Execute, number: int, **told: Any) -> None:
    """Change what an entry tells, in the canonical form it must have."""
    ((body,),) = execute("SELECT body FROM audit_entry WHERE id = %s", number)
    execute("UPDATE audit_entry SET body = %s WHERE id = %s", canonical({**json.loads(body), **told}), number)


COPY = """
    INSERT INTO audit_entry OVERRIDING SYSTEM VALUE
    SELECT copied.* FROM
        (SELECT *, recorded_at - make_interval(days => %(days)s) AS at
         FROM audit_entry WHERE id = %(like)s) old,
        jsonb_populate_record(
            NULL::audit_entry,
            to_jsonb(old) - 'leaf'
            || jsonb_build_object('id', %(number)s, 'recorded_at', at, 'happened_at', at, 'leaf', '\\x00')
        ) copied
"""


def insert(execute: Execute, number: int, like: int, *, days_ago: int = 0) -> None:
    """Put a copy of an entry under another number and, if so, an earlier day, with a leaf that fits."""
    execute(COPY, number=number, like=like, days=days_ago)
    execute(f"{REHASH} WHERE id = %s", number)


def rebuild(execute: Execute, number: int, private: Ed25519PrivateKey | None = None) -> None:
    """Work out a seal again from what now stands under it, and sign it with a key of the forger's own."""
    leaves = execute(
        "SELECT leaf FROM audit_entry JOIN audit_position ON entry_id = id WHERE seal_id = %s ORDER BY index",
        number,
    )
    before = execute("SELECT digest FROM audit_seal WHERE number < %s ORDER BY number DESC LIMIT 1", number)
    ((sealed_at, key),) = execute("SELECT sealed_at, key_id FROM audit_seal WHERE number = %s", number)
    seal = Seal(
        number=number,
        sealed_at=sealed_at,
        size=len(leaves),
        root=merkle.root([bytes(leaf) for (leaf,) in leaves]).hex(),
        previous=before[0][0] if before else "0" * 64,
        key_id=key if private is None else keys.key_id(keys.public_of(private)),
    )
    text = canonical(statement(seal)).encode()
    execute(
        "UPDATE audit_seal SET size = %s, root = %s, previous = %s, digest = %s, key_id = %s"
        " WHERE number = %s",
        *(seal.size, seal.root, seal.previous, sha256(text).hexdigest(), seal.key_id, number),
    )
    if private is not None:
        execute("UPDATE audit_seal SET signature = %s WHERE number = %s", private.sign(text).hex(), number)
