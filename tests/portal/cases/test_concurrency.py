"""Fifty people vote at the same moment: the case is decided once, with exactly its quorum."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from django.db import connection

from portal.accounts.models import User
from portal.areas import Role
from portal.audit.models import Entry
from portal.cases.models import Case, State
from portal.cases.services import cast_vote, open_case
from portal.errors import Refused
from tests.portal.cases.conftest import Cast
from tests.portal.cases.yard.area import CROWD
from tests.portal.cast import person

VOTERS = 50


@pytest.mark.real_commits
@pytest.mark.django_db
def test_fifty_simultaneous_votes_decide_exactly_once(cast: Cast) -> None:
    crowd = [person(f"voter{number}", Role.EMPLOYEE, cast.marketing) for number in range(VOTERS)]
    case = open_case(CROWD, cast.churn, actor=cast.dave)
    together = Barrier(VOTERS)

    def vote(voter: User) -> str:
        try:
            together.wait()
            cast_vote(case, actor=voter, approve=True, reason="Now.")
        except Refused:
            return "refused"
        finally:
            connection.close()
        return "counted"

    with ThreadPoolExecutor(VOTERS) as threads:
        answers = list(threads.map(vote, crowd))
    case = Case.objects.get(pk=case.pk)
    assert answers.count("counted") == CROWD.quorum
    assert answers.count("refused") == VOTERS - CROWD.quorum
    assert case.votes.count() == CROWD.quorum
    assert (case.state, case.approved) == (State.DECIDED, True)
    assert Entry.objects.filter(action="case.decided", object_id=str(case.pk)).count() == 1
