"""Which versions a schedule measures."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime, timedelta

from django.db.models import Exists, OuterRef, Q

from lifecycle.data.services import schema_of
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


def versions_about_people(at: datetime) -> Iterator[ModelVersion]:
    """Those of them that declare a protected attribute: without one there are no groups to compare."""
    return (version for version in measured_versions(at) if has_protected(version))


def has_protected(version: ModelVersion) -> bool:
    """Whether the version declares a protected attribute, or nothing at all yet."""
    schema = schema_of(version)
    return schema is None or bool(schema.protected())
