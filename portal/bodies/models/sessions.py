"""Sessions, and who came."""

from __future__ import annotations

from datetime import datetime, timedelta

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from portal.accounts.models import User
from portal.bodies.models.bodies import Body, Majority, Mode, Seat, Tie


class State(models.TextChoices):
    """How far a session has come. What is closed or cancelled stays so."""

    DRAFT = "draft", "Draft"
    CALLED = "called", "Called"
    FROZEN = "frozen", "Pack frozen"
    RUNNING = "running", "In session"
    CLOSED = "closed", "Closed"
    CANCELLED = "cancelled", "Cancelled"


AHEAD = (State.DRAFT, State.CALLED, State.FROZEN)
"""Before it begins."""
NEAR = timedelta(hours=12)
PLANNING = (State.DRAFT, State.CALLED)
"""While the agenda may change."""


class SessionQuerySet(models.QuerySet["Session"]):
    def visible_to(self, user: User) -> SessionQuerySet:
        """The sessions of the bodies this person may read."""
        return self.filter(body__in=Body.objects.visible_to(user).order_by().values("pk"))

    def with_ref(self, ref: str) -> SessionQuerySet:
        """The session of a reference such as SES-4; none for any other text."""
        digits = ref.removeprefix("SES-")
        known = ref.startswith("SES-") and digits.isascii() and digits.isdecimal() and len(digits) < 19
        return self.filter(pk=int(digits)) if known else self.none()

    def ahead(self) -> SessionQuerySet:
        return self.filter(state__in=AHEAD)

    def to_come(self) -> SessionQuerySet:
        """What is planned or running, the next first."""
        return self.filter(state__in=[*AHEAD, State.RUNNING]).order_by("starts_at", "pk")


class Session(models.Model):
    """One sitting of a body, with the rules that hold in it from when it was planned."""

    body = models.ForeignKey(Body, models.PROTECT, related_name="sessions")
    title = models.CharField(max_length=160)
    period = models.DateField(
        null=True, blank=True, help_text="First day of the period the rule called it for"
    )
    mode = models.CharField(max_length=10, choices=Mode.choices, default=Mode.MEETING)
    starts_at = models.DateTimeField()
    ends_at = models.DateTimeField(help_text="In writing: the deadline for votes")
    place = models.CharField(max_length=200, blank=True)
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    quorum = models.PositiveSmallIntegerField()
    majority = models.CharField(max_length=10, choices=Majority.choices)
    tie = models.CharField(max_length=10, choices=Tie.choices)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    called_at = models.DateTimeField(null=True, blank=True)
    begun_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    cancelled_because = models.TextField(blank=True)

    objects = SessionQuerySet.as_manager()

    class Meta:
        ordering = ["-starts_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["body", "period"],
                condition=Q(period__isnull=False),
                name="one_session_a_period",
            ),
            models.CheckConstraint(condition=Q(ends_at__gt=F("starts_at")), name="session_ends_after_start"),
            models.CheckConstraint(condition=Q(state__in=State.values), name="session_state_known"),
            models.CheckConstraint(condition=Q(quorum__gte=1), name="session_quorum_is_at_least_one"),
            models.CheckConstraint(
                condition=Q(state="closed", closed_at__isnull=False, begun_at__isnull=False)
                | ~Q(state="closed") & Q(closed_at=None),
                name="closed_session_says_when",
            ),
            models.CheckConstraint(
                condition=~Q(state="cancelled") | ~Q(cancelled_because=""), name="cancelled_session_says_why"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.title} of {self.body}"

    def get_absolute_url(self) -> str:
        return reverse("bodies:session", args=[self.ref])

    @property
    def ref(self) -> str:
        return f"SES-{self.pk}"

    @property
    def running(self) -> bool:
        return self.state == State.RUNNING

    @property
    def ahead(self) -> bool:
        return self.state in AHEAD

    @property
    def planning(self) -> bool:
        """Whether the agenda may still change."""
        return self.state in PLANNING

    @property
    def in_writing(self) -> bool:
        return self.mode == Mode.WRITING

    def near(self, at: datetime) -> bool:
        """Whether people can arrive: a meeting that begins within twelve hours, or has begun."""
        return not self.in_writing and self.starts_at - at <= NEAR

    def over(self, at: datetime) -> bool:
        """Whether the deadline for votes in writing has passed."""
        return self.in_writing and at > self.ends_at

    @property
    def audit_unit_id(self) -> int:
        return self.body.unit_id


class Reply(models.TextChoices):
    """What somebody answered to an invitation."""

    NONE = "", "No answer yet"
    ACCEPTED = "accepted", "Comes"
    DEPUTY = "deputy", "Sends the deputy"
    DECLINED = "declined", "Does not come"


class Attendance(models.Model):
    """A seat is invited to a session; who sat on it, and since when, stands here."""

    session = models.ForeignKey(Session, models.PROTECT, related_name="attendance")
    seat = models.ForeignKey(Seat, models.PROTECT, related_name="attendance")
    reply = models.CharField(max_length=10, choices=Reply.choices, blank=True)
    replied_at = models.DateTimeField(null=True, blank=True)
    attended_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    arrived_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["session", "seat"]
        constraints = [
            models.UniqueConstraint(fields=["session", "seat"], name="one_attendance_a_seat"),
            models.UniqueConstraint(
                fields=["session", "attended_by"],
                condition=Q(attended_by__isnull=False),
                name="nobody_sits_on_two_seats",
            ),
            models.CheckConstraint(
                condition=Q(attended_by=None, arrived_at=None)
                | Q(attended_by__isnull=False, arrived_at__isnull=False),
                name="who_came_and_when",
            ),
            models.CheckConstraint(condition=Q(reply__in=Reply.values), name="reply_known"),
        ]

    def __str__(self) -> str:
        return f"{self.seat.person} at {self.session}"
