"""The ledger: runs and their attempts, what is planned until when, who works, and what waits to be sent."""

from __future__ import annotations

from datetime import timedelta

from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.urls import reverse

from portal.accounts.models import User
from portal.areas import Window
from portal.jobs.kinds import title_of
from portal.jobs.naming import name_of
from portal.registry.models import System
from portal.rights import may


class RunState(models.TextChoices):
    """Where a run stands. Failed: its input is wrong, so it is not tried again. Dead: tried often enough."""

    QUEUED = "queued", "Queued"
    RUNNING = "running", "Running"
    DONE = "done", "Done"
    FAILED = "failed", "Failed"
    DEAD = "dead", "Dead"
    SKIPPED = "skipped", "Skipped"


WAITING = (RunState.QUEUED, RunState.RUNNING)
UNSUCCESSFUL = (RunState.FAILED, RunState.DEAD)
ALIVE = timedelta(seconds=60)
"""How long ago a worker may have been heard of and still counts as alive."""


class RunQuerySet(models.QuerySet["Run"]):
    def visible_to(self, user: User, action: str = "jobs.read") -> RunQuerySet:
        """Runs of visible systems, one's own, and for administrators and auditors those without a system."""
        scope = Q(system__in=System.objects.visible_to(user, action)) | Q(requested_by=user)
        if may(user, "jobs.portal.read"):
            scope |= Q(system=None)
        return self.filter(scope)

    def claimable(self) -> RunQuerySet:
        """Queued and due, or running with a lease that ran out: its worker is gone."""
        return self.filter(
            Q(state=RunState.QUEUED, available_at__lte=Now())
            | Q(state=RunState.RUNNING, lease_until__lt=Now())
        )

    def open_failures(self) -> RunQuerySet:
        """Failed or dead, and nobody has replayed or dismissed them yet."""
        return self.filter(state__in=UNSUCCESSFUL, dismissed_at=None)


class Run(models.Model):
    """One row per (job, variant, subject, window, revision): what is to be done, and what became of it.

    While it runs, a job may fill ``counts`` and ``input_digest``; they are kept when the run ends.
    """

    job = models.SlugField(max_length=60)
    variant = models.CharField(max_length=120, blank=True)
    subject_type = models.ForeignKey(ContentType, models.PROTECT, null=True, blank=True, related_name="+")
    subject_id = models.BigIntegerField(null=True, blank=True)
    subject = GenericForeignKey("subject_type", "subject_id")
    system = models.ForeignKey(System, models.PROTECT, null=True, blank=True, related_name="runs")
    window_start = models.DateTimeField(null=True, blank=True)
    window_end = models.DateTimeField(null=True, blank=True)
    revision = models.PositiveIntegerField(default=1)
    arguments = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    requested_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(db_default=Now())

    state = models.CharField(max_length=8, choices=RunState.choices, default=RunState.QUEUED)
    priority = models.SmallIntegerField(default=100, help_text="Lower runs first")
    available_at = models.DateTimeField(db_default=Now())
    attempt = models.PositiveSmallIntegerField(default=0)
    token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    worker = models.CharField(max_length=120, blank=True)
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)

    step = models.PositiveIntegerField(default=0)
    steps = models.PositiveIntegerField(default=0)
    message = models.CharField(max_length=200, blank=True)
    counts = models.JSONField(default=dict, blank=True, encoder=DjangoJSONEncoder)
    input_digest = models.CharField(max_length=80, blank=True)
    result = models.JSONField(null=True, blank=True, encoder=DjangoJSONEncoder)
    error = models.TextField(blank=True)
    log = models.TextField(blank=True)

    dismissed_at = models.DateTimeField(null=True, blank=True)
    dismissed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    dismissed_reason = models.TextField(blank=True)

    objects = RunQuerySet.as_manager()

    audit_exclude = frozenset({"log", "token", "lease_until", "step", "steps"})

    class Meta:
        ordering = ["-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=[
                    "job",
                    "variant",
                    "subject_type",
                    "subject_id",
                    "window_start",
                    "window_end",
                    "revision",
                ],
                name="one_run_per_key",
                nulls_distinct=False,
            ),
            models.CheckConstraint(condition=Q(state__in=RunState.values), name="run_state_known"),
            models.CheckConstraint(
                condition=Q(subject_type=None, subject_id=None)
                | Q(subject_type__isnull=False, subject_id__isnull=False),
                name="run_subject_whole",
            ),
            models.CheckConstraint(
                condition=Q(window_start=None, window_end=None)
                | Q(window_start__isnull=False, window_end__isnull=False, window_end__gt=F("window_start")),
                name="run_window_whole",
            ),
            models.CheckConstraint(condition=Q(revision__gte=1), name="run_revision_from_one"),
            models.CheckConstraint(
                condition=~Q(state=RunState.RUNNING) | Q(token__isnull=False, lease_until__isnull=False),
                name="running_means_leased",
            ),
            models.CheckConstraint(
                condition=Q(state__in=WAITING) | Q(ended_at__isnull=False), name="ended_means_when"
            ),
        ]
        indexes = [
            models.Index(
                fields=["priority", "available_at", "id"], name="run_waiting", condition=Q(state__in=WAITING)
            ),
            models.Index(
                fields=["-ended_at"],
                name="run_unsuccessful",
                condition=Q(state__in=UNSUCCESSFUL, dismissed_at=None),
            ),
            models.Index(fields=["subject_type", "subject_id", "job"], name="run_subject"),
            models.Index(fields=["job", "-id"], name="run_job"),
        ]

    def __str__(self) -> str:
        return " ".join(filter(None, [self.job, self.variant, str(self.window or "")]))

    def get_absolute_url(self) -> str:
        return reverse("jobs:run", args=[self.pk])

    @property
    def audit_label(self) -> str:
        words = " ".join(filter(None, [self.job, self.variant]))
        return f"{words}, {self.window.start:%d %b %Y}" if self.window else words

    @property
    def audit_system_id(self) -> int | None:
        return self.system_id

    @property
    def title(self) -> str:
        return title_of(self.job)

    @property
    def subject_name(self) -> str:
        """What the run is about, as people and programs name it; empty where it is about nothing."""
        if self.subject_type_id is None:
            return ""
        return name_of(self.subject) if self.subject else "deleted"

    @property
    def window(self) -> Window | None:
        """The period the run is about, where it is about one."""
        if self.window_start is None or self.window_end is None:
            return None
        return Window(self.window_start, self.window_end)

    @property
    def percent(self) -> int | None:
        """How much is done, 0 to 100; None while the job has not said how many steps there are."""
        if self.state == RunState.DONE:
            return 100
        return min(100, 100 * self.step // self.steps) if self.steps else None

    @property
    def ended(self) -> bool:
        return self.state not in WAITING


class Outcome(models.TextChoices):
    """How an attempt ended. Lost: the worker went away, or came back after its lease."""

    DONE = "done", "Done"
    RETRY = "retry", "Failed, tried again"
    FAILED = "failed", "Failed"
    LOST = "lost", "Worker lost"


class Attempt(models.Model):
    """One try at a run by one worker."""

    run = models.ForeignKey(Run, models.CASCADE, related_name="attempts")
    number = models.PositiveSmallIntegerField()
    worker = models.CharField(max_length=120)
    started_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=6, choices=Outcome.choices, blank=True)
    error = models.TextField(blank=True)

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.UniqueConstraint(fields=["run"], condition=Q(outcome=""), name="one_attempt_at_a_time"),
            models.CheckConstraint(
                condition=Q(outcome="", ended_at=None) | (~Q(outcome="") & Q(ended_at__isnull=False)),
                name="attempt_ends_with_an_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"attempt {self.number} of run {self.run_id}"


class Schedule(models.Model):
    """Up to which instant the windows of a scheduled job are planned."""

    job = models.SlugField(max_length=60, primary_key=True)
    planned_until = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.job} until {self.planned_until:%Y-%m-%d %H:%M}"


class WorkerQuerySet(models.QuerySet["Worker"]):
    def alive(self) -> WorkerQuerySet:
        """Those heard of within a minute."""
        return self.filter(seen_at__gt=Now() - models.Value(ALIVE))


class Worker(models.Model):
    """A worker process and when it was last heard of, as its own loop says."""

    name = models.CharField(max_length=120, primary_key=True)
    concurrency = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField()
    seen_at = models.DateTimeField()

    objects = WorkerQuerySet.as_manager()

    class Meta:
        ordering = ["name"]

    def __str__(self) -> str:
        return self.name


class Channel(models.TextChoices):
    MAIL = "mail", "Mail"
    WEBHOOK = "webhook", "Webhook"


class DeliveryState(models.TextChoices):
    QUEUED = "queued", "Queued"
    SENT = "sent", "Sent"
    DEAD = "dead", "Dead"


class DeliveryQuerySet(models.QuerySet["Delivery"]):
    def claimable(self) -> DeliveryQuerySet:
        """Due, and in nobody's hands."""
        return self.filter(Q(lease_until=None) | Q(lease_until__lt=Now()), state=DeliveryState.QUEUED).filter(
            available_at__lte=Now()
        )


class Delivery(models.Model):
    """A mail or a webhook call that waits in the outbox, written in the transaction it tells about.

    It is never lost and may be sent more than once, always under the same key. ``target`` is an address or a
    URL, ``title`` the subject of the mail or the event, ``body`` the exact text that is sent.
    """

    key = models.CharField(max_length=200, unique=True)
    channel = models.CharField(max_length=8, choices=Channel.choices)
    target = models.CharField(max_length=2000)
    title = models.CharField(max_length=250)
    body = models.TextField()
    created_at = models.DateTimeField(db_default=Now())

    state = models.CharField(max_length=6, choices=DeliveryState.choices, default=DeliveryState.QUEUED)
    available_at = models.DateTimeField(db_default=Now())
    attempt = models.PositiveSmallIntegerField(default=0)
    token = models.UUIDField(null=True, blank=True)
    lease_until = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    error = models.TextField(blank=True)

    objects = DeliveryQuerySet.as_manager()

    audit_exclude = frozenset({"body", "token", "lease_until"})

    class Meta:
        verbose_name_plural = "deliveries"
        ordering = ["-pk"]
        constraints = [
            models.CheckConstraint(condition=Q(channel__in=Channel.values), name="delivery_channel_known"),
            models.CheckConstraint(condition=Q(state__in=DeliveryState.values), name="delivery_state_known"),
        ]
        indexes = [
            models.Index(
                fields=["attempt", "available_at"],
                name="delivery_waiting",
                condition=Q(state=DeliveryState.QUEUED),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.channel} to {self.target}: {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("jobs:delivery", args=[self.pk])


class AllowedTarget(models.Model):
    """A host and port that webhooks may call although the guard would refuse it, and who decided so."""

    host = models.CharField(max_length=253)
    port = models.PositiveIntegerField()
    reason = models.TextField()
    allowed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    allowed_at = models.DateTimeField(db_default=Now())

    class Meta:
        ordering = ["host", "port"]
        constraints = [
            models.UniqueConstraint(fields=["host", "port"], name="target_allowed_once"),
            models.CheckConstraint(condition=Q(port__gte=1, port__lte=65535), name="target_port"),
        ]

    def __str__(self) -> str:
        return f"{self.host}:{self.port}"
