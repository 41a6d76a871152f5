"""What must not grow with the number of runs that wait."""

import pytest
from django.db import connection, transaction
from django.test.utils import CaptureQueriesContext

from portal.jobs.models import Run
from portal.jobs.services import claim
from tests.portal.jobs.yard.work import NOTE

pytestmark = pytest.mark.django_db


def test_a_claim_reads_the_index_in_order_though_the_statistics_know_nothing_yet() -> None:
    Run.objects.bulk_create(Run(job=NOTE.slug, arguments={"n": n}, revision=n) for n in range(1, 3001))
    with CaptureQueriesContext(connection) as statements, transaction.atomic():
        assert claim("test") is not None
        search = next(s["sql"] for s in statements if "SKIP LOCKED" in s["sql"])
        with connection.cursor() as cursor:
            cursor.execute(f"EXPLAIN (ANALYZE, FORMAT TEXT) {search}")
            plan = "\n".join(row[0] for row in cursor.fetchall())
    assert "Index Scan using run_waiting" in plan
    assert "Sort" not in plan
