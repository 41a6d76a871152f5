"""What came in, where it stands, and the summaries everything else reads.

Raw rows live in partitioned tables of ``migrations/0002`` and in Parquet segments; no page reads them.
"""

from __future__ import annotations

import hashlib
from functools import cached_property, lru_cache

from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from portal.accounts.models import User
from portal.areas import Window
from portal.registry.models import ModelVersion
from portal.stats.profile import Profile
from portal.stats.profile import Reference as Frozen


class Kind(models.TextChoices):
    """What a batch holds."""

    PREDICTIONS = "predictions", "Predictions"
    OUTCOMES = "outcomes", "Outcomes"
    ATTRIBUTES = "attributes", "Protected attributes"


class BatchState(models.TextChoices):
    WAITING = "waiting", "Waiting"
    STORED = "stored", "Stored"
    REFUSED = "refused", "Refused"


class Batch(models.Model):
    """One delivery, and what became of its rows."""

    version = models.ForeignKey(ModelVersion, models.PROTECT, related_name="batches")
    kind = models.CharField(max_length=12, choices=Kind.choices)
    state = models.CharField(max_length=8, choices=BatchState.choices, default=BatchState.STORED)
    received = models.PositiveIntegerField(default=0)
    accepted = models.PositiveIntegerField(default=0)
    duplicates = models.PositiveIntegerField(default=0)
    refused = models.PositiveIntegerField(default=0)
    parked = models.PositiveIntegerField(default=0, help_text="Outcomes that wait for their prediction")
    quarantine = models.CharField(max_length=200, blank=True, help_text="Storage name of the refused rows")
    upload = models.CharField(max_length=200, blank=True, help_text="Storage name of a body not yet loaded")
    detail = models.JSONField(default=dict, blank=True)
    sent_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-created_at"]
        indexes = [models.Index(fields=["version", "-created_at"], name="batch_of_version")]
        constraints = [
            models.CheckConstraint(
                condition=~Q(state="stored")
                | Q(received=F("accepted") + F("duplicates") + F("refused") + F("parked")),
                name="every_row_of_a_batch_is_accounted_for",
            )
        ]

    def __str__(self) -> str:
        return f"{self.kind} of {self.version}, {self.received} rows"

    @property
    def audit_label(self) -> str:
        return f"{self.kind} of {self.version}"

    @property
    def audit_system_id(self) -> int:
        return self.version.audit_system_id


class Segment(models.Model):
    """A Parquet file of predictions with their features, named by its content; written once."""

    version = models.ForeignKey(ModelVersion, models.PROTECT, related_name="segments")
    batch = models.ForeignKey(
        Batch,
        models.PROTECT,
        null=True,
        related_name="segments",
        help_text="None: sealed of several deliveries",
    )
    path = models.CharField(max_length=200, help_text="Storage name")
    sha256 = models.CharField(max_length=64)
    size = models.BigIntegerField()
    rows = models.PositiveIntegerField()
    first = models.DateTimeField(help_text="Earliest event time")
    last = models.DateTimeField(help_text="Latest event time")

    class Meta:
        indexes = [models.Index(fields=["version", "first", "last"], name="segment_of_window")]

    def __str__(self) -> str:
        return self.path


class DirtyDay(models.Model):
    """A UTC day whose summary is behind its rows. One row, however often it is touched."""

    version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="dirty_days")
    day = models.DateField()
    touched_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["version", "day"], name="a_day_is_dirty_once")]

    def __str__(self) -> str:
        return f"{self.version} {self.day}"


class Reference(models.Model):
    """The frozen bins of a version, and what the reference counts in them. Never changed, only followed."""

    version = models.ForeignKey(ModelVersion, models.PROTECT, related_name="references")
    number = models.PositiveIntegerField()
    content = models.TextField(help_text="portal.stats.profile.Reference as canonical JSON")
    digest = models.CharField(max_length=71)
    n = models.PositiveIntegerField()
    frozen_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    frozen_at = models.DateTimeField(default=timezone.now)

    audit_exclude = frozenset({"content"})

    class Meta:
        ordering = ["version", "-number"]
        constraints = [models.UniqueConstraint(fields=["version", "number"], name="one_reference_per_number")]

    def __str__(self) -> str:
        return f"reference {self.number} of {self.version}"

    @property
    def audit_label(self) -> str:
        return str(self)

    @property
    def audit_system_id(self) -> int:
        return self.version.audit_system_id

    @property
    def frozen(self) -> Frozen:
        return thawed(self.content)

    @staticmethod
    def digest_of(content: str) -> str:
        return "sha256:" + hashlib.sha256(content.encode()).hexdigest()


@lru_cache(maxsize=64)
def thawed(content: str) -> Frozen:
    """A reference read from its JSON, once a process: it never changes."""
    return Frozen.from_json(content)


class SummaryQuerySet(models.QuerySet["Summary"]):
    def newest(self) -> SummaryQuerySet:
        return self.filter(superseded_at=None)

    def within(self, window: Window) -> SummaryQuerySet:
        """The days of a window."""
        return self.filter(day__gte=window.start.date(), day__lt=window.end.date())


class Summary(models.Model):
    """The profile of one version on one UTC day in one segment; "" is the whole.

    A late row opens the next revision; the older ones stay, so any chart can be shown as it looked.
    """

    version = models.ForeignKey(ModelVersion, models.PROTECT, related_name="summaries")
    day = models.DateField()
    segment = models.CharField(max_length=200, blank=True)
    revision = models.PositiveIntegerField()
    reference = models.ForeignKey(Reference, models.PROTECT, null=True, related_name="summaries")
    n = models.PositiveIntegerField()
    labelled = models.PositiveIntegerField()
    wrong = models.PositiveIntegerField(default=0, help_text="Labelled rows whose prediction was wrong")
    content = models.TextField(help_text="portal.stats.profile.Profile as canonical JSON")
    digest = models.CharField(max_length=71)
    run = models.ForeignKey("jobs.Run", models.PROTECT, null=True, related_name="+")
    computed_at = models.DateTimeField(default=timezone.now)
    superseded_at = models.DateTimeField(null=True, blank=True)

    objects = SummaryQuerySet.as_manager()

    class Meta:
        ordering = ["version", "day", "segment"]
        constraints = [
            models.UniqueConstraint(
                fields=["version", "day", "segment", "revision"], name="one_summary_per_revision"
            ),
            models.UniqueConstraint(
                fields=["version", "day", "segment"],
                condition=Q(superseded_at=None),
                name="one_newest_summary",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version} {self.day} {self.segment}".rstrip()

    @cached_property
    def profile(self) -> Profile:
        return Profile.from_json(self.content)
