"""How pages write spans and windows, and how the health of the ledger is judged."""

from datetime import UTC, datetime, timedelta

import pytest
from django.utils import timezone

from portal.areas import Window
from portal.jobs.models import Run
from portal.jobs.models import Worker as Sign
from portal.jobs.selectors import health_of
from portal.jobs.services import claim, plan, request
from portal.jobs.services.upkeep import forget, sign_of_life
from portal.jobs.words import span, window_words
from tests.portal.jobs.yard.work import NOTE


def plain(text: str) -> str:
    return text.replace("\u00a0", " ").replace("\u202f", " ")


@pytest.mark.parametrize(
    ("seconds", "said"),
    [
        (0.02, "under 0.10 s"),
        (0.44, "0.40 s"),
        (12.4, "12 s"),
        (59.6, "60 s"),
        (61, "1 min"),
        (7500, "2 h 5 min"),
        (7200, "2 h"),
        (273_600, "3 d 4 h"),
    ],
)
def test_a_span_is_told_in_the_units_that_matter(seconds: float, said: str) -> None:
    assert plain(span(timedelta(seconds=seconds))) == said


def test_no_span_is_a_dash() -> None:
    assert span(None) == "—"


@pytest.mark.parametrize(
    ("start", "end", "said"),
    [
        ("2026-11-03T00:00", "2026-11-04T00:00", "3 Nov 2026"),
        ("2026-11-02T00:00", "2026-11-09T00:00", "2 Nov 2026 to 8 Nov 2026"),
        ("2026-11-03T15:00", "2026-11-03T16:00", "3 Nov 2026, 15:00 to 16:00 UTC"),
        ("2026-11-03T23:00", "2026-11-04T00:00", "3 Nov 2026, 23:00 to 4 Nov 2026, 00:00 UTC"),
    ],
)
def test_a_window_is_told_as_days_where_it_is_whole_days(start: str, end: str, said: str) -> None:
    window = Window(*(datetime.fromisoformat(text).replace(tzinfo=UTC) for text in (start, end)))
    assert plain(window_words(window)) == said


@pytest.mark.django_db
def test_work_that_nobody_does_is_noticed_and_a_window_just_planned_is_not_late() -> None:
    assert not health_of().stuck
    plan()
    fresh = health_of()
    assert fresh.waiting > 0
    assert fresh.oldest is not None
    assert fresh.oldest < timedelta(minutes=1)
    assert fresh.stuck, "there is no worker"
    sign_of_life(2)
    assert not health_of().stuck
    Run.objects.update(
        created_at=timezone.now() - timedelta(hours=1), available_at=timezone.now() - timedelta(hours=1)
    )
    assert health_of().stuck, "a worker, but an hour is too long"


@pytest.mark.django_db
def test_health_counts_what_waits_and_what_works() -> None:
    request(NOTE)
    request(NOTE, arguments={"n": 1})
    claim("one")
    health = health_of()
    assert (health.waiting, health.running, health.unsuccessful, health.workers) == (1, 1, 0, 0)


@pytest.mark.django_db
def test_workers_long_gone_are_forgotten() -> None:
    sign_of_life(2)
    assert forget() == {"deliveries": 0, "workers": 0}
    Sign.objects.update(seen_at=timezone.now() - timedelta(days=2))
    assert forget()["workers"] == 1
