"""Verifies the live database: the export that it would give, and what an export cannot show.

The verifier judges seals, keys and the anchor. Beside it stand the questions to the tables: do columns say
what the sealed bodies say, is every entry sealed or waiting, do the guards still stand.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator
from contextlib import contextmanager
from itertools import chain
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import connection, transaction

from portal.audit import export, keys
from portal.audit.verifier import MOST_PROBLEMS, Problem, Report, Verifier

STEP = 50_000
"""Entry numbers that one statement looks at."""

COLUMNS = {
    "happened_at": "coalesce((told ->> 'happened_at')::timestamptz, recorded_at)",
    "actor_id": "(told ->> 'actor')::bigint",
    "via": "told ->> 'via'",
    "action": "told ->> 'action'",
    "denied": "(told ->> 'denied')::boolean",
    "object_type": "told ->> 'object_type'",
    "object_id": "told ->> 'object_id'",
    "label": "told ->> 'label'",
    "system_id": "(told ->> 'system')::bigint",
    "unit_id": "(told ->> 'unit')::bigint",
    "effect": "told ->> 'effect'",
    "reason": "told ->> 'reason'",
    "request_id": "told ->> 'request_id'",
    "leaf": r"""
        sha256('\x00'::bytea || convert_to(
            '{"body":' || body || ',"id":' || id || ',"recorded_at":"'
            || to_char(recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"}', 'UTF8'))
    """,
}
"""What each column must be, worked out from the body with nothing but PostgreSQL's own functions."""

DIFFERING = ", ".join(
    f"CASE WHEN {column} IS DISTINCT FROM {derived} THEN '{column}' END"
    for column, derived in COLUMNS.items()
)
COLUMNS_SQL = f"""
    SELECT id, array_to_string(changed, ', ')
    FROM audit_entry
    CROSS JOIN LATERAL (SELECT body::jsonb AS told) parsed
    CROSS JOIN LATERAL (SELECT array_remove(ARRAY[{DIFFERING}], NULL) AS changed) compared
    WHERE id >= %s AND id < %s AND changed <> '{{}}'
    ORDER BY id
"""  # noqa: S608 - put together from the constants above

PLACES_SQL = """
    SELECT id, 'is neither sealed nor waiting for a seal' AS what
    FROM audit_entry
    WHERE NOT EXISTS (SELECT FROM audit_position WHERE entry_id = id)
      AND NOT EXISTS (SELECT FROM audit_pending WHERE entry_id = id)
    UNION ALL
    SELECT entry_id, 'waits for a seal but is missing'
    FROM audit_pending
    WHERE NOT EXISTS (SELECT FROM audit_entry WHERE id = entry_id)
    UNION ALL
    SELECT entry_id, 'is sealed and waits for a seal again'
    FROM audit_pending JOIN audit_position USING (entry_id)
    UNION ALL
    SELECT entry_id, 'has a place under a seal that is missing'
    FROM audit_position
    WHERE NOT EXISTS (SELECT FROM audit_seal WHERE number = seal_id)
    ORDER BY 1
"""

PERSONAL_SQL = """
    SELECT entry_id
    FROM audit_personalvalue LEFT JOIN audit_entry ON audit_entry.id = entry_id
    WHERE digest <> encode(sha256(convert_to(salt || value, 'UTF8')), 'hex')
       OR coalesce(strpos(body, digest), 0) = 0
    ORDER BY 1
"""

GUARDED = ("audit_entry", "audit_seal", "audit_position", "audit_sealkey", "audit_personalvalue")
GUARDS = {
    ("audit_entry", "audit_stamp"),
    *((table, trigger) for table in GUARDED for trigger in ("audit_keep_rows", "audit_keep_table")),
}
"""The triggers that must stand and be switched on."""


def verify_database(anchor: Path | None = None, trusted: Collection[str] = ()) -> Report:
    """Check everything, with the key file where this machine has it, and the live anchor or a copy of it."""
    held = keys.held_key_id()
    verifier = Verifier(
        trusted={*trusted, *([held] if held else [])},
        anchor=_lines(anchor or Path(settings.PORTAL_AUDIT_ANCHOR)),
        anchor_is_current=anchor is None,
    )
    report = verifier.verify(export.records(proofs=False))
    with _patience():
        for problem in chain(_guards(), _columns(), _places(), _personal_values()):
            report.problems.append(problem)
            if len(report.problems) >= MOST_PROBLEMS:
                break
    return report


def _lines(anchor: Path) -> list[str]:
    """The checkpoints; a file that is not there has none, which the verifier holds against a live one."""
    return anchor.read_text(errors="replace").splitlines() if anchor.exists() else []


@contextmanager
def _patience() -> Iterator[None]:
    """These statements look at whole tables, for as long as that takes."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL statement_timeout = 0")
        yield


def _columns() -> Iterator[Problem]:
    last = _rows("SELECT coalesce(max(id), 0) FROM audit_entry")[0][0]
    for start in range(0, last + 1, STEP):
        for number, changed in _rows(COLUMNS_SQL, [start, start + STEP]):
            yield Problem(f"entry {number}", f"does not have what was recorded in {changed}")


def _places() -> Iterator[Problem]:
    return (Problem(f"entry {number}", what) for number, what in _rows(PLACES_SQL))


def _personal_values() -> Iterator[Problem]:
    return (
        Problem(f"entry {number}", "has a personal value that is not the one it committed to")
        for (number,) in _rows(PERSONAL_SQL)
    )


def _guards() -> Iterator[Problem]:
    standing = set(
        _rows(
            "SELECT relname, tgname FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid"
            " WHERE tgenabled IN ('O', 'A') AND NOT tgisinternal AND relname = ANY(%s)",
            [list(GUARDED)],
        )
    )
    return (
        Problem(f"table {table}", f"has lost its trigger {trigger}")
        for table, trigger in sorted(GUARDS - standing)
    )


def _rows(sql: str, parameters: Any = None) -> list[tuple[Any, ...]]:
    with connection.cursor() as cursor:
        cursor.execute(sql, parameters)
        return list(cursor.fetchall())
