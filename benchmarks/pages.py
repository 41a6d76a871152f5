# ruff: noqa: PLC0415 — Django is set up, with a database, before anything of the portal is imported
"""What a page costs on the simulated organisation, and with many models more: `pages.py [--rows N]`."""

import argparse
import io
import os
import time
from collections.abc import Callable
from datetime import UTC, datetime

from measure import middle, show
from portal_database import portal

REPEATS = 9
MOST_MILLISECONDS, MOST_QUERIES, MOST_KILOBYTES = 150, 25, 40
NOTE = """
Server time, milliseconds a request, through Django's test client with log-in, rights and middleware and
with PostgreSQL beside it: the median of 9 requests after the first, as wall time and as CPU of Python.
Queries are those of one request, its log-in and rights included. KB is the page compressed with gzip. The
second number of each pair is that with {models:,} models more, each with a version. No page reads a raw
prediction, so their number does not matter. Targets: at most 150 ms, 25 queries and 40 KB; {over}.
"""
HEADER = ["page", "person", "ms", "CPU ms", "queries", "KB"]
Page = tuple[str, str, str]
"""What it is called, who looks at it, and its address."""


def simulate() -> None:
    """The organisation that ``make run`` shows."""
    from django.core.management import call_command

    os.environ.setdefault("PORTAL_DEMO_PASSWORD", "of no use after this run")
    with io.StringIO() as nowhere:
        call_command("demo", stdout=nowhere)


def add_models(count: int) -> None:
    """Models more, of one system, each with a version."""
    from portal.registry.models import ModelVersion, RegisteredModel, System

    like = ModelVersion.objects.select_related("model__system").order_by("pk").first()
    assert like is not None, "the simulated organisation has versions"
    now, system = datetime.now(UTC), System.objects.get(pk=like.model.system_id)
    made = RegisteredModel.objects.bulk_create(
        RegisteredModel(
            name=f"more-{n:05}", system=system, created_by=like.created_by, created_at=now, updated_at=now
        )
        for n in range(count)
    )
    ModelVersion.objects.bulk_create(
        ModelVersion(model=model, number=1, created_by=like.created_by, created_at=now) for model in made
    )


def pages() -> list[Page]:
    """The pages people open most, and those that show what is measured."""
    from django.urls import reverse

    from monitoring.checks import DRIFT
    from portal.accounts.models import User
    from portal.checks.models import Evaluation
    from portal.findings.models import Finding

    erin = User.objects.get(username="erin")
    drift = Evaluation.objects.visible_to(erin).filter(check_slug=DRIFT.slug).order_by("pk").first()
    finding = Finding.objects.visible_to(erin).order_by("-opened_at").first()
    assert drift is not None, "the simulated organisation measures drift"
    assert finding is not None, "the simulated organisation has findings"
    args = (drift.subject.model.name, drift.subject.number)
    return [
        ("home of the executive", "maya", reverse("dashboards:home")),
        ("home of the engineer", "erin", reverse("dashboards:home")),
        ("scorecard", "maya", reverse("metrics:scorecard")),
        ("version", "erin", reverse("registry:version", args=args)),
        ("findings", "erin", reverse("findings:findings")),
        ("drift", "erin", reverse("monitoring:drift", args=args)),
        ("models", "erin", reverse("registry:models")),
        ("finding", "erin", reverse("findings:finding", args=[finding.ref])),
        ("costs", "fay", reverse("costs:costs")),
    ]


def measured(person: str, address: str) -> tuple[float, float, int, float]:
    """Wall and CPU milliseconds, queries, and compressed KB of a page."""
    import gzip

    from django.db import connection
    from django.test import Client
    from django.test.utils import CaptureQueriesContext

    from portal.accounts.models import User

    client = Client()
    client.force_login(User.objects.get(username=person))
    if (status := client.get(address).status_code) != 200:
        raise RuntimeError(f"{address} answers {person} with {status}")
    with CaptureQueriesContext(connection) as captured:
        answer = client.get(address)
    queries = len(captured)  # now: the next request begins another list
    walls, cpus = zip(*(timed(lambda: client.get(address)) for _ in range(REPEATS)), strict=True)
    return middle(walls), middle(cpus), queries, len(gzip.compress(answer.content)) / 1000


def timed(ask: Callable[[], object]) -> tuple[float, float]:
    wall, cpu = time.perf_counter(), time.process_time()
    ask()
    return (time.perf_counter() - wall) * 1000, (time.process_time() - cpu) * 1000


def main() -> None:
    asked = argparse.ArgumentParser(description=__doc__)
    asked.add_argument("--rows", type=int, default=10_000, help="models more")
    more = asked.parse_args().rows
    with portal():
        simulate()
        listed = pages()
        before = [measured(person, address) for _, person, address in listed]
        add_models(more)
        after = [measured(person, address) for _, person, address in listed]
    lines, over = [], []
    for (name, person, _), first, second in zip(listed, before, after, strict=True):
        pairs = zip(first, second, ("{:.0f}", "{:.0f}", "{}", "{:.1f}"), strict=True)
        lines.append([name, person, *(f"{form.format(a)} · {form.format(b)}" for a, b, form in pairs)])
        worst = [max(pair) for pair in zip(first, second, strict=True)]
        if worst[0] > MOST_MILLISECONDS or worst[2] > MOST_QUERIES or worst[3] > MOST_KILOBYTES:
            over.append(name)
    said = f"over: {', '.join(over)}" if over else "all pages keep them"
    show("pages", "Pages", HEADER, lines, NOTE.format(models=more, over=said))


if __name__ == "__main__":
    main()
