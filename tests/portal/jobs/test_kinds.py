"""What may be declared as a job."""

from dataclasses import replace
from datetime import timedelta

import pytest

from portal.areas import JobKind
from portal.errors import Missing
from portal.jobs.kinds import kind_of, kinds
from tests.portal.jobs.yard import area
from tests.portal.jobs.yard.work import NOTE


@pytest.mark.parametrize(
    ("kind", "fault"),
    [(NOTE, "declared twice"), (replace(NOTE, slug="endless", limit=timedelta(hours=7)), "6:00:00")],
)
def test_a_double_and_an_endless_job_are_refused(
    monkeypatch: pytest.MonkeyPatch, kind: JobKind, fault: str
) -> None:
    monkeypatch.setattr(area, "AREA", replace(area.AREA, jobs=(NOTE, kind)))
    with pytest.raises(ValueError, match=fault):
        kinds()


def test_an_unknown_job_is_answered_with_the_known_ones() -> None:
    assert kind_of("note") is NOTE
    with pytest.raises(Missing, match="note"):
        kind_of("nothing")
