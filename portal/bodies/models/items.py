"""Items of an agenda: ballots, conflicts of interest, conditions and notes."""

from __future__ import annotations

from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Q
from django.urls import reverse
from django.utils import timezone
from django.utils.functional import cached_property

from portal import areas
from portal.accounts.models import User
from portal.areas import Choice, Topic
from portal.bodies.models.bodies import Seat
from portal.bodies.models.sessions import Session
from portal.cases.models import Case
from portal.registry.models import System


class ItemState(models.TextChoices):
    """An item is planned, then open, then closed with an outcome."""

    PLANNED = "planned", "Planned"
    OPEN = "open", "Open"
    CLOSED = "closed", "Closed"


POSTPONED = "postponed"
NOTED = "noted"
OUTCOMES = {
    POSTPONED: "Postponed",
    NOTED: "Noted",
    "continue": "Continue",
    "conditions": "Continue with conditions",
    "pause": "Pause",
    "stop": "Stop",
    "deprioritise": "Deprioritise",
    "approved": "Approved",
    "rejected": "Rejected",
}
"""Outcomes in words; one that only a case kind knows is written as it is."""


class Item(models.Model):
    """One thing on the agenda of a session: what it is about, why it is there, and what came of it."""

    session = models.ForeignKey(Session, models.PROTECT, related_name="items")
    number = models.PositiveSmallIntegerField()
    topic = models.SlugField(max_length=40)
    title = models.CharField(max_length=200)
    why = models.TextField(blank=True, help_text="Why it is on the agenda")
    subject_type = models.ForeignKey(ContentType, models.PROTECT, null=True, blank=True, related_name="+")
    subject_id = models.BigIntegerField(null=True, blank=True)
    subject = GenericForeignKey("subject_type", "subject_id")
    system = models.ForeignKey(System, models.PROTECT, null=True, blank=True, related_name="agenda_items")
    case = models.ForeignKey(Case, models.PROTECT, null=True, blank=True, related_name="agenda_items")
    takes_votes = models.BooleanField()
    minutes = models.PositiveSmallIntegerField(default=10)
    proposed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    state = models.CharField(max_length=8, choices=ItemState.choices, default=ItemState.PLANNED)
    opened_at = models.DateTimeField(null=True, blank=True)
    closed_at = models.DateTimeField(null=True, blank=True)
    closed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    choice = models.SlugField(max_length=40, blank=True, help_text="What the votes chose")
    outcome = models.CharField(max_length=40, blank=True)
    resolution = models.TextField(blank=True, help_text="The outcome in the words of the chair")
    next_review_on = models.DateField(null=True, blank=True)

    class Meta:
        ordering = ["session", "number"]
        constraints = [
            models.UniqueConstraint(
                fields=["session", "number"],
                name="one_item_a_number",
                deferrable=models.Deferrable.DEFERRED,
            ),
            models.CheckConstraint(condition=Q(state__in=ItemState.values), name="item_state_known"),
            models.CheckConstraint(
                condition=Q(state="closed", closed_at__isnull=False) & ~Q(outcome="")
                | ~Q(state="closed") & Q(closed_at=None, outcome=""),
                name="closed_item_has_an_outcome",
            ),
            models.CheckConstraint(
                condition=Q(takes_votes=True) | Q(outcome__in=["", NOTED, POSTPONED]),
                name="only_votes_decide",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number}. {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("bodies:item", args=[self.session.ref, self.number])

    @property
    def declared_topic(self) -> Topic:
        found: Topic = areas.find("topics", self.topic)
        return found

    @property
    def choices(self) -> tuple[Choice, ...]:
        """What members choose from: of a case what its kind offers, otherwise what the topic does."""
        if self.case is not None:
            return self.case.declared_kind.choices
        return self.declared_topic.choices

    @cached_property
    def early_votes(self) -> dict[int, str]:
        """Who has voted on the page of the case before the session did, with the stance of each."""
        current = self.case.current_round if self.case is not None else None
        return dict(current.votes.values_list("voter", "stance")) if current is not None else {}

    @property
    def open(self) -> bool:
        return self.state == ItemState.OPEN

    @property
    def closed(self) -> bool:
        return self.state == ItemState.CLOSED

    @property
    def outcome_title(self) -> str:
        if self.case is not None and self.outcome not in ("", POSTPONED):
            return self.case.outcome_title
        return OUTCOMES.get(self.outcome, self.outcome.replace("_", " ").capitalize())

    @property
    def audit_system_id(self) -> int | None:
        return self.system_id

    @property
    def audit_unit_id(self) -> int:
        return self.session.body.unit_id


class Ballot(models.Model):
    """What a seat chose on an item. It may change until the item is closed, and is hidden until then."""

    item = models.ForeignKey(Item, models.PROTECT, related_name="ballots")
    seat = models.ForeignKey(Seat, models.PROTECT, related_name="ballots")
    voter = models.ForeignKey(User, models.PROTECT, related_name="ballots")
    choice = models.SlugField(max_length=40)
    counts = models.BooleanField(help_text="An abstention is recorded but does not count")
    reason = models.TextField()
    cast_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["cast_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["item", "seat"], name="one_ballot_a_seat"),
            models.UniqueConstraint(fields=["item", "voter"], name="one_ballot_a_person"),
            models.CheckConstraint(condition=~Q(reason=""), name="ballot_gives_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.voter} on {self.item}"


class Conflict(models.Model):
    """A person stands too close to an item: no vote, and no place in the count."""

    item = models.ForeignKey(Item, models.PROTECT, related_name="conflicts")
    person = models.ForeignKey(User, models.PROTECT, related_name="+")
    reason = models.TextField()
    declared = models.BooleanField(default=True, help_text="By the person; otherwise found by the portal")
    declared_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["declared_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["item", "person"], name="one_item_conflict_a_person"),
            models.CheckConstraint(condition=~Q(reason=""), name="item_conflict_gives_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.person} on {self.item}"


class ItemCondition(models.Model):
    """What must be done if the item is decided with conditions; a case follows up on it then."""

    item = models.ForeignKey(Item, models.PROTECT, related_name="conditions")
    text = models.TextField()
    owner = models.ForeignKey(User, models.PROTECT, related_name="item_conditions")
    due_on = models.DateField()
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(default=timezone.now)
    follow_up = models.ForeignKey(Case, models.PROTECT, null=True, blank=True, related_name="+")

    class Meta:
        ordering = ["proposed_at", "pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="item_condition_says_something"),
        ]

    def __str__(self) -> str:
        return self.text[:200]

    @property
    def system(self) -> System | None:
        return self.item.system

    @property
    def body_name(self) -> str:
        return self.item.session.body.name

    @property
    def audit_system_id(self) -> int | None:
        return self.item.system_id


class Note(models.Model):
    """What was said on an item, as the secretary or a member noted it. Never changed."""

    item = models.ForeignKey(Item, models.PROTECT, related_name="notes")
    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    text = models.TextField()
    written_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["written_at", "pk"]
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="note_says_something")]

    def __str__(self) -> str:
        return f"{self.author} on {self.item}"
