"""What a machine noticed, what people said of it, and until when it is waived."""

from __future__ import annotations

from datetime import date, datetime

from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from portal.accounts.models import User
from portal.areas import Severity
from portal.jobs.models import Run
from portal.registry.models import System

SEVERITIES = [(severity.value, severity.name.capitalize()) for severity in Severity]


class FindingState(models.TextChoices):
    """Where a finding stands. People move it up to waived; only a passing run closes it."""

    OPEN = "open", "Needs triage"
    ACKNOWLEDGED = "acknowledged", "Acknowledged"
    ACCEPTED = "accepted", "Accepted"
    WAIVED = "waived", "Waived"
    CLOSED = "closed", "Closed"


class FindingQuerySet(models.QuerySet["Finding"]):
    def visible_to(self, user: User, action: str = "findings.read") -> FindingQuerySet:
        return self.filter(system__in=System.objects.visible_to(user, action))

    def unclosed(self) -> FindingQuerySet:
        return self.exclude(state=FindingState.CLOSED)

    def of(self, subject: models.Model) -> FindingQuerySet:
        return self.filter(subject_type=ContentType.objects.get_for_model(subject), subject_id=subject.pk)

    def as_of(self, at: datetime) -> FindingQuerySet:
        """Those that were not closed at an instant."""
        return self.filter(Q(closed_at=None) | Q(closed_at__gt=at), opened_at__lte=at)

    def worst_first(self) -> FindingQuerySet:
        return self.order_by("-rank", "due_on", "pk")


class Finding(models.Model):
    """Something is wrong with a system. The same thing again is counted, not told twice.

    ``dedupe_key`` says what "the same thing" is. ``detail`` holds the readings, as the API shows them.
    ``subject`` is the exact row it is about, e.g. a model version.
    """

    system = models.ForeignKey(System, models.PROTECT, related_name="findings")
    subject_type = models.ForeignKey(ContentType, models.PROTECT, null=True, related_name="+")
    subject_id = models.BigIntegerField(null=True)
    subject = GenericForeignKey("subject_type", "subject_id")
    kind = models.SlugField(max_length=60)
    dedupe_key = models.CharField(max_length=300)
    severity = models.CharField(max_length=10, choices=SEVERITIES)
    rank = models.GeneratedField(
        expression=models.Case(
            *[
                models.When(severity=severity, then=models.Value(place))
                for place, (severity, _) in enumerate(SEVERITIES)
            ],
            default=models.Value(0),
        ),
        output_field=models.PositiveSmallIntegerField(),
        db_persist=True,
    )
    title = models.CharField(max_length=300)
    summary = models.CharField(max_length=500, blank=True)
    detail = models.JSONField(default=dict, blank=True)
    page = models.CharField(max_length=500, blank=True)
    state = models.CharField(max_length=14, choices=FindingState.choices, default=FindingState.OPEN)
    owner = models.ForeignKey(User, models.PROTECT, null=True, related_name="findings")
    part_of = models.ForeignKey("self", models.SET_NULL, null=True, blank=True, related_name="parts")
    opened_at = models.DateTimeField(default=timezone.now)
    due_on = models.DateField()
    occurrences = models.PositiveIntegerField(default=1)
    last_seen_at = models.DateTimeField(default=timezone.now)
    run = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="findings")
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by_run = models.ForeignKey(Run, models.SET_NULL, null=True, blank=True, related_name="+")

    objects = FindingQuerySet.as_manager()

    class Meta:
        ordering = ["-opened_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["dedupe_key"],
                condition=~Q(state=FindingState.CLOSED),
                name="one_open_finding_per_key",
            ),
            models.CheckConstraint(
                condition=Q(state=FindingState.CLOSED, closed_at__isnull=False)
                | (~Q(state=FindingState.CLOSED) & Q(closed_at=None)),
                name="closed_finding_has_a_time",
            ),
            models.CheckConstraint(condition=~Q(part_of=F("id")), name="finding_is_not_its_own_part"),
        ]
        indexes = [
            models.Index(fields=["system", "state"], name="findings_of_system"),
            models.Index(fields=["owner", "state"], name="findings_of_owner"),
            models.Index(fields=["subject_type", "subject_id"], name="findings_of_subject"),
            models.Index(fields=["dedupe_key", "-closed_at"], name="finding_key"),
        ]

    def __str__(self) -> str:
        return f"{self.ref} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("findings:finding", args=[self.ref])

    @property
    def ref(self) -> str:
        return f"F-{self.pk}"

    @property
    def audit_system_id(self) -> int:
        return self.system_id

    def is_late(self, today: date) -> bool:
        """Whether the day by which it must be answered has passed without an answer."""
        return self.state in {FindingState.OPEN, FindingState.ACKNOWLEDGED} and self.due_on < today


class Comment(models.Model):
    """What somebody said of a finding, or what a machine added to it; then there is no author."""

    finding = models.ForeignKey(Finding, models.CASCADE, related_name="comments")
    author = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    text = models.TextField()
    written_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["written_at", "pk"]

    def __str__(self) -> str:
        return self.text

    @property
    def audit_system_id(self) -> int:
        return self.finding.system_id


class Waiver(models.Model):
    """A finding needs no answer until a day, for a reason, because a second person agreed."""

    finding = models.ForeignKey(Finding, models.CASCADE, related_name="waivers")
    reason = models.TextField()
    expires_at = models.DateTimeField()
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    granted = models.BooleanField(null=True)

    class Meta:
        ordering = ["-asked_at"]
        constraints = [
            models.CheckConstraint(
                condition=Q(decided_by=None) | ~Q(decided_by=F("asked_by")), name="finding_waiver_four_eyes"
            ),
            models.CheckConstraint(condition=Q(expires_at__gt=F("asked_at")), name="finding_waiver_expires"),
            models.CheckConstraint(
                condition=Q(granted=None, decided_by=None, decided_at=None)
                | Q(granted__isnull=False, decided_by__isnull=False, decided_at__isnull=False),
                name="finding_waiver_decided_by_somebody",
            ),
            models.UniqueConstraint(
                fields=["finding"], condition=Q(granted=None), name="one_waiver_asked_at_a_time"
            ),
        ]

    def __str__(self) -> str:
        return f"waiver of {self.finding.ref} until {self.expires_at:%d %b %Y}"

    @property
    def audit_system_id(self) -> int:
        return self.finding.system_id
