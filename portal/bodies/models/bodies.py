"""Bodies and who sits on them."""

from __future__ import annotations

from datetime import date, time

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateRangeField, RangeOperators
from django.db import models
from django.db.models import F, Func, Q, Value
from django.urls import reverse
from django.utils import timezone

from portal.accounts.models import ROLES, Unit, User


class Kind(models.TextChoices):
    """What sort of body it is."""

    COMMITTEE = "committee", "Committee"
    BOARD = "board", "Board"
    PANEL = "panel", "Panel"
    WORKSHOP = "workshop", "Workshop"


class Majority(models.TextChoices):
    """How many voices an outcome needs."""

    SIMPLE = "simple", "Most voices"
    TWO_THIRDS = "two_thirds", "Two thirds of the voices"


class Tie(models.TextChoices):
    """What happens when two choices have equally many voices. Shown before anybody votes."""

    CHAIR = "chair", "The chair's voice decides"
    POSTPONED = "postponed", "The item goes to the next session"


class Rhythm(models.TextChoices):
    """How often sessions are called by rule."""

    NONE = "", "Called by hand"
    MONTH = "month", "Every month"
    QUARTER = "quarter", "Every quarter of the fiscal year"


class Mode(models.TextChoices):
    """Whether people meet at an hour, or answer until a deadline."""

    MEETING = "meeting", "Meeting"
    WRITING = "writing", "In writing, until a deadline"


class Function(models.TextChoices):
    """What a person is on a body. An observer reads and speaks, and never votes."""

    CHAIR = "chair", "Chair"
    SECRETARY = "secretary", "Secretary"
    MEMBER = "member", "Member"
    OBSERVER = "observer", "Observer"


WEEKDAYS = (
    (0, "Monday"),
    (1, "Tuesday"),
    (2, "Wednesday"),
    (3, "Thursday"),
    (4, "Friday"),
    (5, "Saturday"),
    (6, "Sunday"),
)
WEEKS = ((1, "first"), (2, "second"), (3, "third"), (4, "fourth"), (5, "last"))


class BodyQuerySet(models.QuerySet["Body"]):
    def visible_to(self, user: User) -> BodyQuerySet:
        """The bodies on which this person has or had a seat, and those of the units their role reads."""
        scope = Q(seats__person=user) | Q(seats__deputy=user)
        for path in user.places("bodies.unit.read"):
            scope |= Q(unit__path__startswith=path)
        return self.filter(pk__in=Body.objects.filter(scope).values("pk"))

    def active(self) -> BodyQuerySet:
        return self.filter(dissolved_at=None)


class Body(models.Model):
    """A committee, board, panel or workshop, with the rules by which it decides."""

    slug = models.SlugField(max_length=60, unique=True)
    name = models.CharField(max_length=120, unique=True)
    kind = models.CharField(max_length=10, choices=Kind.choices, default=Kind.COMMITTEE)
    purpose = models.TextField(blank=True)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="bodies")
    role = models.CharField(
        max_length=20,
        choices=ROLES,
        blank=True,
        help_text="Cases that wait for this role come on its agendas",
    )
    quorum = models.PositiveSmallIntegerField(default=3)
    majority = models.CharField(max_length=10, choices=Majority.choices, default=Majority.SIMPLE)
    tie = models.CharField(max_length=10, choices=Tie.choices, default=Tie.CHAIR)
    rhythm = models.CharField(max_length=10, choices=Rhythm.choices, blank=True)
    month = models.PositiveSmallIntegerField(default=3, help_text="Of the quarter, 1 to 3")
    week = models.PositiveSmallIntegerField(choices=WEEKS, default=4)
    weekday = models.PositiveSmallIntegerField(choices=WEEKDAYS, default=1)
    hour = models.TimeField(default=time(10))
    duration_minutes = models.PositiveSmallIntegerField(default=90)
    mode = models.CharField(max_length=10, choices=Mode.choices, default=Mode.MEETING)
    place = models.CharField(max_length=200, blank=True)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    dissolved_at = models.DateTimeField(null=True, blank=True)

    objects = BodyQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        constraints = [
            models.CheckConstraint(condition=Q(quorum__gte=1), name="body_quorum_is_at_least_one"),
            models.CheckConstraint(
                condition=Q(kind__in=Kind.values, majority__in=Majority.values, tie__in=Tie.values)
                & Q(rhythm__in=Rhythm.values, mode__in=Mode.values),
                name="body_rules_known",
            ),
            models.CheckConstraint(
                condition=Q(month__range=(1, 3), week__range=(1, 5), weekday__range=(0, 6)),
                name="body_day_known",
            ),
            models.CheckConstraint(condition=Q(duration_minutes__gte=5), name="body_meets_for_a_while"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("bodies:body", args=[self.slug])

    @property
    def rhythm_words(self) -> str:
        """When it meets, e.g. "every quarter, third month, second Tuesday at 10:00"."""
        if not self.rhythm:
            return "called by hand"
        day = f"{dict(WEEKS)[self.week]} {dict(WEEKDAYS)[self.weekday]} at {self.hour:%H:%M}"
        if self.rhythm == Rhythm.MONTH:
            return f"every month, {day}"
        return f"every quarter, {dict(WEEKS)[self.month]} month, {day}"


class SeatQuerySet(models.QuerySet["Seat"]):
    def on(self, day: date) -> SeatQuerySet:
        """The seats whose term holds a day."""
        return self.filter(Q(ended_on=None) | Q(ended_on__gte=day), started_on__lte=day)

    def held_by(self, user: User) -> SeatQuerySet:
        """The seats this person holds or stands in for."""
        return self.filter(Q(person=user) | Q(deputy=user))


def _term() -> Func:
    return Func(
        F("started_on"), F("ended_on"), Value("[]"), function="daterange", output_field=DateRangeField()
    )


class Seat(models.Model):
    """A person sits on a body from one day to another, both included, with a deputy or without."""

    body = models.ForeignKey(Body, models.PROTECT, related_name="seats")
    person = models.ForeignKey(User, models.PROTECT, related_name="seats")
    function = models.CharField(max_length=10, choices=Function.choices, default=Function.MEMBER)
    votes = models.BooleanField(default=True)
    deputy = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="deputised_seats")
    started_on = models.DateField()
    ended_on = models.DateField(null=True, blank=True, help_text="The last day of the term")

    objects = SeatQuerySet.as_manager()

    class Meta:
        ordering = ["body", "started_on", "pk"]
        constraints = [
            ExclusionConstraint(
                name="one_seat_a_person",
                expressions=[
                    ("body", RangeOperators.EQUAL),
                    ("person", RangeOperators.EQUAL),
                    (_term(), RangeOperators.OVERLAPS),
                ],
            ),
            ExclusionConstraint(
                name="one_chair_at_a_time",
                expressions=[("body", RangeOperators.EQUAL), (_term(), RangeOperators.OVERLAPS)],
                condition=Q(function="chair"),
            ),
            models.CheckConstraint(
                condition=Q(ended_on=None) | Q(ended_on__gte=F("started_on")), name="term_ends_after_start"
            ),
            models.CheckConstraint(
                condition=~Q(function="observer") | Q(votes=False), name="observers_never_vote"
            ),
            models.CheckConstraint(
                condition=Q(deputy=None) | ~Q(deputy=F("person")), name="seat_deputy_is_somebody_else"
            ),
            models.CheckConstraint(condition=Q(function__in=Function.values), name="function_known"),
        ]

    def __str__(self) -> str:
        return f"{self.person}, {self.get_function_display().lower()} of {self.body}"
