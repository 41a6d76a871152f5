"""The runs that load large bills, and which of those bills are not there yet."""

from __future__ import annotations

from django.contrib.contenttypes.models import ContentType

from costs.models import Upload
from portal.jobs.models import Run, RunQuerySet

JOB = "costs.load-bill"


def runs_of(*uploads: Upload) -> RunQuerySet:
    """The runs that load these bills, the newest first."""
    kind = ContentType.objects.get_for_model(Upload)
    found: RunQuerySet = Run.objects.filter(
        job=JOB, subject_type=kind, subject_id__in=[upload.pk for upload in uploads]
    )
    return found.order_by("subject_id", "-revision")


def being_loaded() -> list[tuple[Upload, Run]]:
    """The bills that were sent and are not loaded, each with its newest run. Two queries."""
    uploads = list(Upload.objects.filter(bill=None)[:50])
    newest = {run.subject_id: run for run in runs_of(*uploads).distinct("subject_id")}
    return [(upload, newest[upload.pk]) for upload in uploads if upload.pk in newest]
