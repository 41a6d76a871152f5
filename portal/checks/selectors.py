"""Every page-shaped read of evaluations."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import Model, prefetch_related_objects
from django.urls import reverse

from portal.accounts.models import User
from portal.areas import Check, Verdict, declared
from portal.checks.models import Evaluation, EvaluationQuerySet
from portal.registry.models import ModelVersion


@dataclass(frozen=True, slots=True)
class Standing:
    """A declared check and how the newest evaluations of its subjects stand."""

    check: Check
    counts: dict[Verdict, int]

    @property
    def subjects(self) -> int:
        return sum(self.counts.values())


def latest(check: Check, subject: Model, *, at: datetime | None = None) -> Evaluation | None:
    """The evaluation of the newest window of a subject, at an instant if one is given. One query."""
    found = Evaluation.objects.current().of(subject).filter(check_slug=check.slug)
    if at is not None:
        found = found.filter(computed_at__lte=at)
    return found.select_related("run").order_by("-window_end").first()


def latest_of(check: Check, subjects: Iterable[Model]) -> dict[int, Evaluation]:
    """The evaluation of the newest window of each subject of one model, by its id. One query."""
    rows = list(subjects)
    if not rows:
        return {}
    found = (
        Evaluation.objects.current()
        .filter(
            check_slug=check.slug,
            subject_type=ContentType.objects.get_for_model(rows[0]),
            subject_id__in=[row.pk for row in rows],
        )
        .order_by("subject_id", "-window_end")
        .distinct("subject_id")
    )
    return {evaluation.subject_id: evaluation for evaluation in found}


def history(
    check: Check, subject: Model, *, since: datetime | None = None, until: datetime | None = None
) -> EvaluationQuerySet:
    """The newest revision of each window, oldest first, of windows inside ``[since, until)``."""
    found = Evaluation.objects.current().of(subject).filter(check_slug=check.slug)
    if since is not None:
        found = found.filter(window_start__gte=since)
    if until is not None:
        found = found.filter(window_end__lte=until)
    return found.order_by("window_end")


def newest_for(user: User) -> EvaluationQuerySet:
    """The evaluation of the newest window of each check and subject this person may see."""
    newest = (
        Evaluation.objects.current()
        .visible_to(user)
        .order_by("check_slug", "subject_type", "subject_id", "-window_end")
        .distinct("check_slug", "subject_type", "subject_id")
    )
    return Evaluation.objects.filter(pk__in=newest.values("pk"))


def standings(user: User) -> list[Standing]:
    """Every declared check, with how many subjects stand at each verdict. One query."""
    counts: dict[str, dict[Verdict, int]] = {}
    for slug, verdict in newest_for(user).values_list("check_slug", "verdict"):
        mine = counts.setdefault(slug, {})
        mine[Verdict(verdict)] = mine.get(Verdict(verdict), 0) + 1
    return [Standing(check, counts.get(check.slug, {})) for check in declared("checks")]


def as_json(evaluation: Evaluation) -> dict[str, Any]:
    """An evaluation in the one shape every check has over the API.

    Costs a query for the subject and its model, unless they are loaded.
    """
    subject = evaluation.subject
    version = subject if isinstance(subject, ModelVersion) else None
    return {
        "check": evaluation.check_slug,
        "model": version.model.name if version else None,
        "version": version.number if version else None,
        "system": f"SYS-{evaluation.system_id}",
        "subject": str(subject),
        "window": {
            "start": evaluation.window_start,
            "end": evaluation.window_end,
            "revision": evaluation.revision,
            "state": evaluation.window_state,
        },
        "verdict": evaluation.verdict,
        "n": evaluation.n,
        "n_reference": evaluation.n_reference,
        "readings": evaluation.readings,
        "policy": {"name": evaluation.policy_name, "version": evaluation.policy_version},
        "engine": evaluation.engine,
        "run": reverse("v1:run", args=[evaluation.run_id]) if evaluation.run_id else None,
        "computed_at": evaluation.computed_at,
        "digest": evaluation.digest,
    }


def with_subjects(evaluations: Iterable[Evaluation]) -> Sequence[Evaluation]:
    """The same evaluations with their subjects loaded together: a query per kind of subject."""
    rows = list(evaluations)
    prefetch_related_objects(rows, "subject")
    versions = [row.subject for row in rows if isinstance(row.subject, ModelVersion)]
    prefetch_related_objects(versions, "model")
    return rows
