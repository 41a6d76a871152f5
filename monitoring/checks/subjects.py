"""Which versions a schedule measures."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from monitoring.models import Summary
from portal.registry.models import Assignment, ModelVersion

QUIET = timedelta(days=56)
"""A version that serves nowhere and has had no row for so long is no longer measured."""


def measured_versions(at: datetime) -> Iterator[ModelVersion]:
    """Versions that serve somewhere, or have had rows lately."""
    serving = Assignment.objects.as_of(at).filter(version=OuterRef("pk"))
    rows = Summary.objects.filter(
        version=OuterRef("pk"), segment="", day__gte=(at - QUIET).date(), day__lt=at.date()
    )
    wanted = ModelVersion.objects.live().filter(Q(Exists(serving)) | Q(Exists(rows)))
    yield from wanted.select_related("model__system").order_by("pk")
