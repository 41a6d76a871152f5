"""Samples: stored by series, superseded by revision, never NaN."""

from __future__ import annotations

from datetime import timedelta

import pytest
from django.db import IntegrityError, connection, transaction
from django.test.utils import CaptureQueriesContext
from pytest_django import DjangoAssertNumQueries

from portal.areas import MetricKind, Window
from portal.metrics.models import Sample, Series
from portal.metrics.selectors import latest_samples, series
from portal.metrics.services import Measured, record_samples
from portal.registry.services import register_version
from tests.portal.cast import Cast, day, program

PSI = MetricKind("psi", "Population stability index", unit="", direction="down")


def psi(cast: Cast, number: int, value: float | None, feature: str | None = None, **more: object) -> Measured:
    return Measured(PSI, cast.churn_v1, day(number), value, feature=feature, **more)  # type: ignore[arg-type]


def test_a_label_is_stored_once_however_many_windows(cast: Cast) -> None:
    assert record_samples(psi(cast, number, 0.1, "tenure") for number in range(1, 21)) == 20
    assert Series.objects.count() == 1
    assert Series.objects.get().system == cast.churn


def test_groups_are_the_same_in_any_order(cast: Cast) -> None:
    record_samples([psi(cast, 1, 0.1, group={"sex": "F", "race": "B"})])
    record_samples([psi(cast, 2, 0.2, group={"race": "B", "sex": "F"})])
    assert Series.objects.get().group == "race=B;sex=F"


def test_the_same_revision_again_changes_nothing(cast: Cast) -> None:
    record_samples([psi(cast, 1, 0.1)])
    assert record_samples([psi(cast, 1, 0.9)]) == 0
    assert Sample.objects.get().value == 0.1


def test_a_later_revision_supersedes_and_keeps_the_earlier(cast: Cast) -> None:
    record_samples([psi(cast, 1, 0.1)])
    record_samples([psi(cast, 1, 0.2, revision=2)])
    assert list(Sample.objects.order_by("revision").values_list("value", "current")) == [
        (0.1, False),
        (0.2, True),
    ]


def test_an_earlier_revision_that_comes_late_does_not_become_current(cast: Cast) -> None:
    record_samples([psi(cast, 1, 0.3, revision=3)])
    record_samples([psi(cast, 1, 0.2, revision=2)])
    assert Sample.objects.current().get().revision == 3


def test_two_revisions_at_once_leave_the_newest_current(cast: Cast) -> None:
    record_samples([psi(cast, 1, 0.2, revision=2), psi(cast, 1, 0.1)])
    assert Sample.objects.current().get().revision == 2


def test_the_database_refuses_two_current_samples_of_a_window(cast: Cast) -> None:
    record_samples([psi(cast, 1, 0.1), psi(cast, 1, 0.2, revision=2)])
    with pytest.raises(IntegrityError, match="one_current_sample_per_window"), transaction.atomic():
        Sample.objects.update(current=True)


def test_a_value_that_is_not_a_number_never_gets_in(cast: Cast) -> None:
    with pytest.raises(ValueError, match="undefined is None with a reason"):
        psi(cast, 1, float("nan"))
    with pytest.raises(ValueError, match="needs a reason"):
        psi(cast, 1, None)
    record_samples([psi(cast, 1, None, reason="no reference")])
    assert Sample.objects.get().reason == "no reference"


def test_nothing_to_store_is_no_error(cast: Cast) -> None:
    assert record_samples([]) == 0


def test_the_number_of_statements_does_not_grow_with_the_samples(cast: Cast) -> None:
    def statements(features: int, number: int) -> int:
        with CaptureQueriesContext(
            connection,
        ) as seen:
            record_samples(psi(cast, number, 0.1, f"f{each}") for each in range(features))
        return len(seen)

    statements(1, 1)
    assert statements(300, 2) == statements(30, 3) + 2  # the new labels: insert, and look up again


def test_a_series_is_read_by_label_and_time(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    record_samples(
        psi(cast, number, number / 100, feature) for number in (1, 2, 3) for feature in (None, "tenure")
    )
    with django_assert_num_queries(2):
        found = series(PSI, cast.churn_v1, since=day(2).start)
    assert {label: [sample.value for sample in samples] for label, samples in found.items()} == {
        "": [0.02, 0.03],
        "tenure": [0.02, 0.03],
    }
    assert list(series(PSI, cast.churn_v1, whole=True)) == [""]


def test_the_newest_of_many_subjects_is_one_query(
    cast: Cast, django_assert_num_queries: DjangoAssertNumQueries
) -> None:
    second = register_version(cast.churn_v1.model, actor=cast.erin)
    record_samples(
        Measured(PSI, version, day(n), n / 10) for version in (cast.churn_v1, second) for n in (1, 2, 3)
    )
    with django_assert_num_queries(1):
        found = latest_samples(PSI, [cast.churn_v1, second], at=day(2).end)
    assert {pk: sample.value for pk, sample in found.items()} == {cast.churn_v1.pk: 0.2, second.pk: 0.2}
    assert latest_samples(PSI, []) == {}


def test_the_api_shows_samples_of_the_systems_one_may_read(cast: Cast) -> None:
    shift = MetricKind("kpi", "As declared", unit="", direction="none")
    record_samples([Measured(shift, cast.churn_v1, day(1), 0.1, feature="tenure", n=7)])
    record_samples([Measured(shift, cast.churn_v1, day(1), 0.2, feature="tenure", revision=2)])
    record_samples([Measured(shift, cast.routing, day(1), 0.5)])
    erin = program(cast.erin)
    address = "/api/v1/metrics/kpi/samples/"
    (row,) = erin.get(address).json()["results"]
    assert (row["system"], row["feature"], row["value"], row["revision"]) == (
        cast.churn.ref,
        "tenure",
        0.2,
        2,
    )
    assert erin.get(address, {"revisions": "all"}).json()["count"] == 2
    assert erin.get(address, {"model": "churn", "version": "1"}).json()["count"] == 1
    assert erin.get(address, {"version": "1"}).status_code == 400
    assert erin.get(address, {"system": cast.routing.ref}).json()["count"] == 0
    assert program(cast.otto).get(address).json()["count"] == 2
    assert erin.get("/api/v1/metrics/unheard/samples/").status_code == 404


def test_a_window_of_a_month_and_one_of_its_days_stand_side_by_side(cast: Cast) -> None:
    whole = Window(day(1).start, day(1).start + timedelta(days=31))
    record_samples([psi(cast, 1, 0.1), Measured(PSI, cast.churn_v1, whole, 0.2)])
    assert Sample.objects.current().count() == 2


def test_the_declared_metrics_are_listed(cast: Cast) -> None:
    listed = program(cast.erin).get("/api/v1/metrics/").json()["results"]
    (kpi,) = [row for row in listed if row["slug"] == "kpi"]
    assert kpi == {
        "slug": "kpi",
        "title": "Value of a KPI",
        "unit": "",
        "direction": "none",
        "stale_after_seconds": 172_800,
    }
