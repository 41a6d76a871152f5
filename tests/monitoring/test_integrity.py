"""What the application's role may do with raw rows: add and read them. The rest is their owner's."""

from __future__ import annotations

import pytest
from django.db import ProgrammingError, connection, connections, transaction

from tests.monitoring.conftest import START, Desk, make_desk, prediction
from tests.portal.cast import make_cast

APPEND_ONLY = ("monitoring_prediction", "monitoring_prediction_index", "monitoring_outcome")
WAITING = ("monitoring_parked_outcome", "monitoring_pending_features")
CHANGES = {
    "UPDATE": "UPDATE {} SET version_id = version_id",
    "DELETE": "DELETE FROM {}",
    "TRUNCATE": "TRUNCATE {}",
}


def refused(statement: str) -> None:
    """The database says that the application has not the right."""
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT current_user")
        assert cursor.fetchone()[0] == "portal_app"
        with pytest.raises(ProgrammingError, match="permission denied"), transaction.atomic():
            cursor.execute(statement)


def partitions_of(table: str) -> list[str]:
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT inhrelid::regclass::text FROM pg_inherits WHERE inhparent = %s::regclass", [table]
        )
        return [name for (name,) in cursor.fetchall()]


@pytest.fixture
def filled(desk: Desk) -> Desk:
    """A prediction with its outcome, so that every table has a row and a partition."""
    desk.stored("predictions", [prediction("a")])
    observed = {"prediction_id": "a", "outcome": "1", "observed_at": START.isoformat()}
    desk.stored("outcomes", [observed, observed | {"prediction_id": "early"}])
    return desk


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize("change", CHANGES)
def test_a_raw_row_is_never_changed_or_removed(filled: Desk, table: str, change: str) -> None:
    refused(CHANGES[change].format(table))


@pytest.mark.parametrize("table", WAITING)
@pytest.mark.parametrize("change", ["UPDATE", "TRUNCATE"])
def test_what_waits_stays_as_it_came(filled: Desk, table: str, change: str) -> None:
    refused(CHANGES[change].format(table))


@pytest.mark.parametrize("table", APPEND_ONLY)
def test_a_partition_is_not_reached_by_its_own_name(filled: Desk, table: str) -> None:
    partitions = partitions_of(table)
    assert partitions
    for partition in partitions:
        for statement in ("SELECT FROM {}", "INSERT INTO {} DEFAULT VALUES", *CHANGES.values()):
            refused(statement.format(partition))


def test_nobody_else_takes_rights_away(filled: Desk) -> None:
    refused("SELECT monitoring_take_away(ARRAY['monitoring_outcome'::regclass], 'ALL')")


@pytest.mark.real_commits
@pytest.mark.django_db
def test_the_owner_removes_a_month_as_a_table() -> None:
    desk = make_desk(make_cast())
    desk.stored("predictions", [prediction("old"), prediction("new", START.replace(month=7))])
    assert "monitoring_prediction_202606" in partitions_of("monitoring_prediction")
    with connections["owner"].cursor() as cursor:
        cursor.execute("DROP TABLE monitoring_prediction_202606")
        cursor.execute("DELETE FROM monitoring_prediction_index WHERE event_time < '2026-07-01Z'")
        assert cursor.rowcount == 1
    with connection.cursor() as cursor:
        cursor.execute("SELECT prediction_id FROM monitoring_prediction")
        assert cursor.fetchall() == [("new",)]
    desk.stored("predictions", [prediction("again")])
    assert "monitoring_prediction_202606" in partitions_of("monitoring_prediction")
    refused("DELETE FROM monitoring_prediction_202606")
