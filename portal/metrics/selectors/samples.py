"""Samples over time, and the newest of many series at once."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

from django.contrib.contenttypes.models import ContentType
from django.db.models import Model

from portal.areas import MetricKind
from portal.metrics.models import Sample, Series


def series(
    metric: MetricKind,
    subject: Model,
    *,
    since: datetime | None = None,
    until: datetime | None = None,
    whole: bool = False,
) -> dict[str, list[Sample]]:
    """The current samples of a metric of one subject, oldest first, by the label of the part they measure.

    The whole has the label "". With ``whole`` only that is read. Two queries.
    """
    found = Series.objects.of(subject).filter(metric=metric.slug)
    if whole:
        found = found.filter(feature="", group="", segment="")
    by_id = {row.pk: row for row in found}
    samples: dict[str, list[Sample]] = {row.label: [] for row in by_id.values()}
    for sample in (
        Sample.objects.current()
        .between(since, until)
        .filter(series__in=by_id)
        .order_by("window_start", "window_end")
    ):
        samples[by_id[sample.series_id].label].append(sample)
    return samples


def latest_samples(
    metric: MetricKind, subjects: Iterable[Model], *, at: datetime | None = None
) -> dict[int, Sample]:
    """The newest current sample of the whole of each subject, by the subject's id. One query.

    ``subjects`` are rows of one model. ``at`` leaves out windows that ended later.
    """
    rows = list(subjects)
    if not rows:
        return {}
    samples = (
        Sample.objects.current()
        .between(None, at)
        .filter(
            series__metric=metric.slug,
            series__subject_type=ContentType.objects.get_for_model(rows[0]),
            series__subject_id__in=[row.pk for row in rows],
            series__feature="",
            series__group="",
            series__segment="",
        )
        .select_related("series")
        .order_by("series", "-window_end")
        .distinct("series")
    )
    return {sample.series.subject_id: sample for sample in samples}
