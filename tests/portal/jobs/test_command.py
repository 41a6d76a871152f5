"""``manage.py run``: any job by hand, in the foreground."""

import io
from typing import Any

import pytest
from django.core.management import CommandError, call_command

from portal.jobs.models import Run, RunState
from portal.jobs.naming import name_of, subject_named
from tests.portal.cast import Cast, make_cast
from tests.portal.jobs.conftest import Marks

pytestmark = pytest.mark.django_db


def run(*arguments: str, **options: Any) -> tuple[str, str]:
    out, err = io.StringIO(), io.StringIO()
    call_command("run", *arguments, stdout=out, stderr=err, **options)
    return out.getvalue(), err.getvalue()


@pytest.mark.real_commits
def test_a_job_is_done_at_once_and_its_result_printed(marks: Marks) -> None:
    cast = make_cast()
    arguments = (
        "daily",
        "--subject",
        cast.churn.ref,
        "--window",
        "2026-11-03/2026-11-04",
        "--variant",
        "bias",
    )
    told, _ = run(*arguments)
    done = Run.objects.get(job="daily")
    assert done.state == RunState.DONE
    assert len(marks.of(done.pk)) == 1
    assert "Check every day, revision 1: done" in told
    assert '"marked": true' in told
    assert "revision 2" in run(*arguments)[0]


def test_a_failure_is_said_and_exits_with_one(cast: Cast) -> None:
    with pytest.raises(SystemExit) as stopped:
        run("trouble", "--arguments", '{"how": "refuse"}', "--actor", "ada")
    assert stopped.value.code == 1
    assert Run.objects.get().requested_by == cast.ada


@pytest.mark.parametrize(
    "arguments",
    [
        ["unknown"],
        ["note", "--subject", "SYS-999"],
        ["note", "--window", "tomorrow"],
        ["note", "--arguments", "[1]"],
        ["note", "--arguments", "{"],
        ["note", "--actor", "nobody"],
        ["daily", "--variant", "bias"],
    ],
)
def test_wrong_use_exits_with_two_and_runs_nothing(arguments: list[str]) -> None:
    with pytest.raises(CommandError) as stopped:
        run(*arguments)
    assert stopped.value.returncode == 2
    assert not Run.objects.exists()


def test_every_subject_has_a_name_that_leads_back_to_it(cast: Cast) -> None:
    for subject in (cast.churn, cast.churn_v1.model, cast.churn_v1, cast.marketing, None):
        assert subject_named(name_of(subject)) == subject
