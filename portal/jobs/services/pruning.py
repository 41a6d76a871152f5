"""Forgetting runs that ended long ago and that nothing refers to."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from typing import Any

from django.apps import apps
from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import connection, transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Cast

from portal.jobs.models import Attempt, Run, RunState

CHUNK = 2_000
"""Runs a transaction."""


def prunable(before: datetime) -> QuerySet[Run]:
    """The runs that ended before then and that nobody will miss.

    Not those that any row of any table refers to (an evaluation, a sample, a finding, evidence, a case, a
    legal hold), not failures nobody has dealt with, and not the newest of a job and subject: the planner
    counts on from it.
    """
    dealt_with = Q(state__in=[RunState.DONE, RunState.SKIPPED]) | Q(dismissed_at__isnull=False)
    found = Run.objects.filter(dealt_with, _has_successor(), ended_at__lt=before)
    for mention in _mentions():
        found = found.exclude(Exists(mention))
    return found


def prune(before: datetime) -> int:
    """Delete the prunable runs, some thousand a transaction; how many went.

    The database refuses a run that something came to refer to meanwhile.
    """
    pruned = 0
    while ids := list(prunable(before).order_by("pk").values_list("pk", flat=True)[:CHUNK]):
        with transaction.atomic():
            Attempt.objects.filter(run__in=ids).delete()
            with connection.cursor() as cursor:  # the ORM would empty such a reference without a word
                cursor.execute("DELETE FROM jobs_run WHERE id = ANY(%s)", [ids])
        pruned += len(ids)
    return pruned


def _has_successor() -> Q:
    """A later run of the same job, variant and subject, or of the same job without a subject."""
    later = Run.objects.filter(
        Q(window_start__gt=OuterRef("window_start")) | Q(window_start=None, pk__gt=OuterRef("pk")),
        job=OuterRef("job"),
        variant=OuterRef("variant"),
    ).order_by()
    of_subject = later.filter(subject_type=OuterRef("subject_type"), subject_id=OuterRef("subject_id"))
    of_nothing = later.filter(subject_type=None, subject_id=None)
    return Q(Exists(of_subject)) | Q(Exists(of_nothing), subject_id=None)


def _mentions() -> Iterator[QuerySet[Any]]:
    """For each way in which a table may refer to a run: the rows that refer to this one."""
    for model in apps.get_models():
        rows = model._base_manager.order_by()  # noqa: SLF001 - Django's documented API; no filter may hide a row
        options = model._meta  # noqa: SLF001 - likewise
        for field in options.concrete_fields:
            if field.related_model is Run and model is not Attempt:
                yield rows.filter(**{field.name: OuterRef("pk")})
        for pointer in options.private_fields:
            if isinstance(pointer, GenericForeignKey):
                of_a_run = {pointer.ct_field: ContentType.objects.get_for_model(Run)}
                kept: Any = options.get_field(pointer.fk_field)
                yield rows.filter(**of_a_run, **{kept.name: Cast(OuterRef("pk"), kept)})  # some keep text
