"""A real worker on a real broker, both killed, frozen and absent: every run is still done exactly once.

The tests share a worker and go from one fault to the next; each says what it asks for and what it finds.
"""

import os
import random
import signal
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from django.db import connections
from django_celery_beat.models import IntervalSchedule, PeriodicTask
from pytest_django import DjangoDbBlocker

from portal.accounts.models import Unit
from portal.celery import app
from portal.jobs import doorbell
from portal.jobs.models import Attempt, Delivery, DeliveryState, Outcome, Run, RunState, Schedule
from portal.jobs.models import Worker as Sign
from portal.jobs.services import enqueue_webhook, outbox, request
from portal.registry.models import System
from tests import databases
from tests.portal.jobs.conftest import Marks, person
from tests.portal.jobs.processes import Beat, Broker, Worker, eventually
from tests.portal.jobs.test_outbox import receiver
from tests.portal.jobs.yard import work
from tests.portal.jobs.yard.work import CHAIN, HOURLY, NOTE, SHORT, TROUBLE, WORK

pytestmark = pytest.mark.real_worker
CHAOS_SECONDS = float(os.environ.get("PORTAL_CHAOS_SECONDS", "12"))
"""How long random faults go on; a soak sets an hour."""
PATIENCE = 45.0
"""Seconds a loaded machine may take, with a worker started again in between; an idle one takes a few."""


@dataclass
class Plant:
    """The worker, its broker and what they leave in the database."""

    broker: Broker
    worker: Worker
    marks: Marks
    thaws: list[threading.Timer] = field(default_factory=list)

    def process_of(self, run: Run) -> int:
        """The process that works on the run, once it has said so."""
        self.wait(lambda: Run.objects.get(pk=run.pk).message.startswith("in "))
        return int(Run.objects.get(pk=run.pk).message.removeprefix("in "))

    def hit(self, process: int, number: signal.Signals) -> None:
        with suppress(ProcessLookupError):  # it ended by itself
            os.kill(process, number)

    def freeze(self, process: int, *, seconds: float) -> None:
        """Stop a process, and let it go on after so long."""
        self.hit(process, signal.SIGSTOP)
        timer = threading.Timer(seconds, self.hit, [process, signal.SIGCONT])
        timer.start()
        self.thaws.append(timer)

    def settle(self) -> None:
        """Wait until nothing is frozen any more."""
        for thaw in self.thaws:
            thaw.join()

    def done(self, *runs: Run, seconds: float = PATIENCE) -> float:
        """Wait until all of them are done; how many seconds it took."""
        unfinished = Run.objects.filter(pk__in=[run.pk for run in runs]).exclude(state=RunState.DONE)
        return self.wait(lambda: not unfinished.exists(), seconds)

    def wait(self, condition: Callable[[], object], seconds: float = PATIENCE) -> float:
        """Wait as the worker's supervisor would, who starts it again; how many seconds it took."""

        def comes_to_hold() -> object:
            self.worker.revive()
            return condition()

        return eventually(comes_to_hold, seconds)


@pytest.fixture(scope="module")
def plant(
    django_db_setup: None, django_db_blocker: DjangoDbBlocker, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Plant]:
    folder = tmp_path_factory.mktemp("plant")
    before = app.conf.broker_url
    with (
        django_db_blocker.unblock(),
        databases.clone("test_worker"),
        TemporaryDirectory(prefix="portal-") as room,  # short and open enough for the broker's socket
    ):
        with connections["owner"].cursor() as cursor:
            cursor.execute(work.TABLE)
        unit = Unit.objects.create(name="Fennmark", slug="fennmark", path="/fennmark/")
        System.objects.create(name="Churn", unit=unit)
        broker = Broker(Path(room))
        worker = Worker(broker, folder / "worker.log")
        app.conf.update(broker_url=broker.url.replace("unix://", "redis+socket://"))
        try:
            broker.start()
            worker.start()
            yield Plant(broker, worker, Marks())
        finally:
            worker.kill()
            broker.kill()
            app.conf.update(broker_url=before)


@pytest.fixture(autouse=True)
def _fresh_bell() -> None:
    doorbell._pool.cache_clear()
    doorbell._quiet_until = 0.0


@pytest.fixture(autouse=True)
def _what_the_worker_says(plant: Plant) -> Iterator[None]:
    """Print what the worker logged during the test and which of its processes are left; shown on failure."""
    begin = plant.worker.log.stat().st_size
    yield
    with plant.worker.log.open("rb") as log:
        log.seek(begin)
        said = log.read().decode(errors="replace")
    unfinished = Run.objects.exclude(state=RunState.DONE).values_list(
        "pk", "job", "state", "attempt", "message"
    )
    print(said, plant.worker.portrait(), *unfinished, sep="\n")  # noqa: T201 - shown where the test fails


def many(count: int, **arguments: object) -> list[Run]:
    return [request(NOTE, arguments={"n": n, **arguments}) for n in range(count)]


def at_once(runs: list[Run]) -> int:
    """The most of these runs that were ever at work at the same time."""
    spans = Attempt.objects.filter(run__in=runs).values_list("started_at", "ended_at")
    return max(sum(start <= instant < end for start, end in spans if end) for instant, _ in spans)


def test_what_was_asked_for_before_the_worker_came_is_done(plant: Plant) -> None:
    runs = many(10, batch="early")
    plant.done(*runs)
    assert {plant.marks.counts()[run.pk] for run in runs} == {1}


def test_rung_work_starts_at_once_and_rings_too_many_do_no_harm(plant: Plant) -> None:
    def lag() -> float:
        run = request(NOTE, arguments={"at": time.time()})
        doorbell.ring(8)
        plant.done(run)
        run.refresh_from_db()
        assert run.started_at is not None
        return (run.started_at - run.created_at).total_seconds()

    lags = sorted(lag() for _ in range(9))
    assert lags[4] < 0.9, "the median: by ring, not by poll"
    assert set(plant.marks.counts().values()) == {1}


def test_a_job_that_asks_for_another_rings_from_within_the_pool(plant: Plant) -> None:
    lags = []
    for n in range(5):
        first = request(CHAIN, arguments={"n": n})
        plant.done(first)
        first.refresh_from_db()
        second = Run.objects.get(arguments={"from": first.pk})
        plant.done(second)
        second.refresh_from_db()
        assert second.started_at is not None
        lags.append((second.started_at - second.created_at).total_seconds())
    assert sorted(lags)[2] < 0.9


def test_the_worker_says_that_it_is_alive_and_plans_by_itself(plant: Plant) -> None:
    plant.wait(lambda: Run.objects.filter(job=HOURLY.slug, state=RunState.DONE).exists())
    assert Sign.objects.alive().filter(concurrency=2).exists()


def test_a_killed_pool_process_costs_an_attempt_and_nothing_else(plant: Plant) -> None:
    run = request(WORK, arguments={"first_seconds": 30, "seconds": 0.2})
    os.kill(plant.process_of(run), signal.SIGKILL)
    plant.done(run)
    assert [attempt for attempt, _ in plant.marks.of(run.pk)] == [2]
    assert list(run.attempts.values_list("outcome", flat=True)) == [Outcome.LOST, Outcome.DONE]


def test_a_process_frozen_longer_than_its_lease_commits_nothing_when_it_wakes(plant: Plant) -> None:
    run = request(WORK, arguments={"first_seconds": 3, "seconds": 0.2})
    frozen = plant.process_of(run)
    os.kill(frozen, signal.SIGSTOP)
    try:
        plant.done(run)
    finally:
        os.kill(frozen, signal.SIGCONT)
    after = many(4, batch="after the frozen one woke")
    plant.done(*after)
    time.sleep(1)
    (mark,) = plant.marks.of(run.pk)
    assert mark[0] == 2
    assert mark[1] != frozen


def test_a_job_that_kills_its_process_is_dead_after_its_attempts(plant: Plant) -> None:
    run = request(TROUBLE, arguments={"how": "die"})
    plant.wait(lambda: Run.objects.get(pk=run.pk).state == RunState.DEAD)
    assert Run.objects.get(pk=run.pk).attempt == TROUBLE.attempts
    plant.done(*many(4, batch="after poison"))


def test_a_job_that_ignores_that_its_time_is_up_loses_its_process(plant: Plant) -> None:
    run = request(SHORT, arguments={"how": "ignore"})
    plant.wait(lambda: Run.objects.get(pk=run.pk).state == RunState.DEAD)
    assert list(run.attempts.values_list("outcome", flat=True)) == [Outcome.LOST] * SHORT.attempts


def test_beat_rings_for_a_plan_however_many_beats_there_are(plant: Plant, tmp_path: Path) -> None:
    tick = PeriodicTask.objects.get(task="portal.jobs.tick")
    tick.interval = IntervalSchedule.objects.create(every=1, period="seconds")
    tick.save()
    planned = Run.objects.filter(job=HOURLY.slug).count()
    beats = [Beat(plant.broker, tmp_path / f"beat-{n}.log") for n in range(2)]
    poller = plant.worker.poller()
    try:
        os.kill(poller, signal.SIGSTOP)  # it plans too
        Schedule.objects.all().delete()
        for beat in beats:
            beat.start()
        plant.wait(Schedule.objects.exists)
    finally:
        plant.hit(poller, signal.SIGCONT)
        for beat in beats:
            beat.kill()
    assert Run.objects.filter(job=HOURLY.slug).count() == planned


def test_a_broker_that_froze_neither_holds_up_the_request_nor_the_work(plant: Plant) -> None:
    plant.broker.send(signal.SIGSTOP)
    try:
        started = time.monotonic()
        runs = many(3, batch="frozen broker")
        assert time.monotonic() - started < 5
        plant.done(*runs)
    finally:
        plant.broker.send(signal.SIGCONT)


def test_a_worker_outlives_a_broker_that_dies_while_it_holds_rings(plant: Plant) -> None:
    before, said = plant.worker.process, plant.worker.log.stat().st_size
    pool = plant.worker.pool()
    for process in pool:
        plant.hit(process, signal.SIGSTOP)
    try:
        runs = many(4, batch="rung, and nobody hears")
        plant.wait(plant.broker.unacknowledged)
        plant.broker.kill()
        plant.wait(lambda: b"Cannot connect" in plant.worker.log.read_bytes()[said:])
        plant.done(*runs)
    finally:
        for process in pool:
            plant.hit(process, signal.SIGCONT)
    assert plant.worker.process is before


def test_a_poller_that_hangs_is_replaced(plant: Plant) -> None:
    hung = plant.worker.poller()
    plant.hit(hung, signal.SIGSTOP)
    runs = many(2, batch="behind a poller that hangs")
    plant.wait(lambda: hung not in plant.worker.descendants())
    plant.done(*runs)


def test_without_a_broker_the_worker_looks_by_itself_and_does_two_at_once(plant: Plant) -> None:
    plant.broker.kill()
    started = time.monotonic()
    runs = [request(WORK, arguments={"seconds": 1, "n": n}) for n in range(6)]
    assert time.monotonic() - started < 3
    plant.done(*runs)
    assert {plant.marks.counts()[run.pk] for run in runs} == {1}
    assert at_once(runs) == 2


def test_a_worker_that_was_killed_whole_is_replaced_without_a_broker(plant: Plant) -> None:
    runs = [request(WORK, arguments={"first_seconds": 30, "seconds": 0.1, "n": n}) for n in range(2)]
    for run in runs:
        plant.process_of(run)
    waiting = many(10, batch="behind the killed")
    plant.worker.kill()
    plant.worker.start()
    plant.done(*runs, *waiting)
    assert {plant.marks.counts()[run.pk] for run in (*runs, *waiting)} == {1}
    assert [attempt for run in runs for attempt, _ in plant.marks.of(run.pk)] == [2, 2]


def test_the_outbox_is_emptied_without_a_broker_too(plant: Plant) -> None:
    ada = person("ada", "administrator", Unit.objects.get())  # type: ignore[arg-type]
    with receiver(200) as there:
        outbox.allow_target("127.0.0.1", there.port, actor=ada, reason="The receiver of this test")
        for n in range(20):
            enqueue_webhook(there.url, "finding.raised", {"n": n}, f"finding-{n}")
        plant.wait(lambda: not Delivery.objects.exclude(state=DeliveryState.SENT).exists())
    assert set(there.keys) == {f"finding-{n}" for n in range(20)}


def test_random_faults_lose_nothing_and_do_nothing_twice(plant: Plant) -> None:
    """Work arrives while something is killed or frozen twice a second; afterwards all of it is done once."""
    dice = random.Random(20261124)  # noqa: S311 - the same faults every time
    plant.broker.start()
    until = time.monotonic() + CHAOS_SECONDS
    runs, faults = list[Run](), 0
    while time.monotonic() < until:
        if Run.objects.filter(job=WORK.slug, state=RunState.QUEUED).count() < 8:
            seconds = dice.choice([0.05, 0.3, 1])
            runs += [request(WORK, arguments={"seconds": seconds, "n": len(runs) + n}) for n in range(4)]
        faults += fault(plant, dice)
        time.sleep(dice.uniform(0.2, 0.6))
    plant.settle()
    assert faults > 0
    plant.done(*runs, seconds=90)
    counts = plant.marks.counts()
    assert [run.pk for run in runs if counts.get(run.pk) != 1] == []
    plant.wait(lambda: not Run.objects.filter(state=RunState.RUNNING).exists())


def fault(plant: Plant, dice: random.Random) -> int:
    """Do one of the things that happen to processes; whether there was anything to do it to."""
    kind = dice.choices(["kill", "freeze", "broker", "worker"], weights=[8, 6, 3, 1])[0]
    plant.worker.revive()
    victims = plant.worker.descendants()
    if kind == "broker":
        plant.broker.kill()
        plant.broker.start()
    elif kind == "worker":
        plant.worker.kill()
        plant.worker.start()
    elif not victims:
        return 0
    elif kind == "kill":
        plant.hit(dice.choice(victims), signal.SIGKILL)
    else:
        plant.freeze(dice.choice(victims), seconds=dice.uniform(0.1, 4))
    return 1


def test_told_to_stop_the_worker_finishes_what_it_does(plant: Plant) -> None:
    run = request(WORK, arguments={"seconds": 1.5})
    plant.process_of(run)
    assert plant.worker.stop() == 0
    run.refresh_from_db()
    assert (run.state, run.attempt) == (RunState.DONE, 1)
    assert not Run.objects.filter(state=RunState.RUNNING).exists()
