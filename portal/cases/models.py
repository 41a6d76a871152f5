"""Cases, their rounds, votes, conflicts and conditions; triggers of migration 0002 guard them."""

from __future__ import annotations

from datetime import date, datetime

from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Exists, F, Model, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from portal import areas
from portal.accounts.models import Membership, Unit, User
from portal.areas import CaseKind, Stance
from portal.evidence.models import Evidence
from portal.registry.models import ModelVersion, System


class State(models.TextChoices):
    """Where a case stands. Only an open one changes."""

    OPEN = "open", "Open"
    DECIDED = "decided", "Decided"
    WITHDRAWN = "withdrawn", "Withdrawn"
    EXPIRED = "expired", "Expired"


class CaseQuerySet(models.QuerySet["Case"]):
    def visible_to(self, user: User) -> CaseQuerySet:
        """What this person may read.

        The cases of their units unless private, those they opened, answer for or decide, and those with a
        condition they must meet.
        """
        tasks = Condition.objects.filter(case=OuterRef("pk"), owner=user)
        own = Q(opened_by=user) | Q(owner=user) | Exists(_rounds_of(user)) | Exists(tasks)
        return self.filter(self._of_units(user) | own)

    def decidable_by(self, user: User) -> CaseQuerySet:
        """The open cases that wait for this person's vote: a role, no conflict, not asked for, not voted.

        One that somebody must do something about waits for them first.
        """
        seats = Q(pk__in=[])
        for membership in user.current_memberships:
            seats |= Q(rounds__roles__contains=[membership.role], unit__path__startswith=membership.unit.path)
        return (
            self.filter(seats, state=State.OPEN, rounds__started_at__isnull=False, rounds__ended_at=None)
            .exclude(opened_by=user)
            .exclude(owner__isnull=False, reported_at=None)
            .exclude(votes__voter=user)
            .exclude(conflicts__person=user)
        )

    def open_first(self) -> CaseQuerySet:
        """The open ones by day, then the closed ones, the newest first."""
        return self.order_by(F("closed_at").desc(nulls_first=True), "due_on", "-id")

    def about(self, subject: Model) -> CaseQuerySet:
        return self.filter(subject_type=ContentType.objects.get_for_model(subject), subject_id=subject.pk)

    @staticmethod
    def _of_units(user: User) -> Q:
        scope = Q(system__in=System.objects.visible_to(user, "cases.unit.read"))
        for path in user.places("cases.unit.read"):
            scope |= Q(system=None, unit__path__startswith=path)
        return Q(scope, private=False)


def _rounds_of(user: User) -> models.QuerySet[Round]:
    """The rounds of a case (the outer row) in which the person holds a role above the case's unit."""
    seats = Q(pk__in=[])
    for membership in user.current_memberships:
        seats |= Q(roles__contains=[membership.role], case__unit__path__startswith=membership.unit.path)
    return Round.objects.filter(seats, case=OuterRef("pk"))


class Case(models.Model):
    """Something people decide by a day, bound to a picture of what they decide on."""

    ref = models.CharField(max_length=24, unique=True)
    kind = models.SlugField(max_length=60)
    title = models.CharField(max_length=200)
    reason = models.TextField(blank=True, help_text="Why it was asked for")
    system = models.ForeignKey(System, models.PROTECT, null=True, blank=True, related_name="cases")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="cases")
    subject_type = models.ForeignKey(ContentType, models.PROTECT, related_name="+")
    subject_id = models.BigIntegerField()
    subject = GenericForeignKey("subject_type", "subject_id")
    snapshot = models.TextField(help_text="Canonical JSON of the subject when the case opened")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the snapshot")
    opened_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="opened_cases")
    opened_at = models.DateTimeField(default=timezone.now)
    owner = models.ForeignKey(
        User,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="owned_cases",
        help_text="Who must do what it is about; has no vote on whether it is done",
    )
    reported_at = models.DateTimeField(null=True, blank=True, help_text="When its owner said it is done")
    private = models.BooleanField(default=False, help_text="Only its opener and those who decide read it")
    due_on = models.DateField()
    for_day = models.DateField(null=True, blank=True, help_text="The declared deadline it was opened for")
    state = models.CharField(max_length=10, choices=State.choices, default=State.OPEN)
    outcome = models.CharField(max_length=40, blank=True)
    approved = models.BooleanField(null=True, blank=True)
    closed_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    closed_at = models.DateTimeField(null=True, blank=True)
    closing_reason = models.TextField(blank=True)
    stale_since = models.DateTimeField(null=True, blank=True)

    objects = CaseQuerySet.as_manager()

    class Meta:
        ordering = ["-opened_at", "-pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "subject_type", "subject_id"],
                condition=Q(state="open"),
                name="one_open_case_per_kind_and_subject",
            ),
            models.UniqueConstraint(
                fields=["kind", "subject_type", "subject_id", "for_day"],
                condition=Q(for_day__isnull=False),
                name="one_case_per_deadline",
            ),
            models.CheckConstraint(condition=Q(state__in=State.values), name="case_state_known"),
            models.CheckConstraint(
                condition=Q(state="open", closed_at=None) | (~Q(state="open") & Q(closed_at__isnull=False)),
                name="closed_case_says_when",
            ),
            models.CheckConstraint(
                condition=Q(state="decided", approved__isnull=False) & ~Q(outcome="")
                | ~Q(state="decided") & Q(approved=None, outcome=""),
                name="only_a_decision_has_an_outcome",
            ),
        ]
        indexes = [
            models.Index(fields=["subject_type", "subject_id", "kind"], name="case_subject"),
            models.Index(fields=["due_on"], condition=Q(state="open"), name="open_case_due"),
            models.Index(
                F("closed_at").desc(nulls_first=True), F("due_on"), F("id").desc(), name="case_open_first"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.ref} {self.title}"

    def get_absolute_url(self) -> str:
        return reverse("cases:case", args=[self.ref])

    @property
    def declared_kind(self) -> CaseKind:
        found: CaseKind = areas.find("case_kinds", self.kind)
        return found

    @property
    def open(self) -> bool:
        return self.state == State.OPEN

    @property
    def decided_at(self) -> datetime | None:
        return self.closed_at if self.state == State.DECIDED else None

    @property
    def current_round(self) -> Round | None:
        """The round whose votes are being cast; None once the case is closed."""
        return self.rounds.filter(started_at__isnull=False, ended_at=None).first()

    @property
    def outcome_title(self) -> str:
        """The outcome in words: of a decision its outcome, of any other case its state."""
        if self.state != State.DECIDED:
            return State(self.state).label
        return OUTCOME_TITLES.get(self.outcome, self.outcome.replace("_", " ").capitalize())

    @property
    def audit_system_id(self) -> int | None:
        return self.system_id

    def open_to_audit(self, text: str) -> str:
        """What the audit, which more people read, may keep of a text on this case."""
        return "" if self.private else text


OUTCOME_TITLES = {
    "approved": "Approved",
    "conditions": "Approved with conditions",
    "rejected": "Rejected",
}


class Round(models.Model):
    """One round of votes: who may vote in it, and how many voices for or against decide it."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="rounds")
    number = models.PositiveSmallIntegerField()
    title = models.CharField(max_length=200)
    roles = ArrayField(models.CharField(max_length=20))
    quorum = models.PositiveSmallIntegerField()
    started_at = models.DateTimeField(null=True, blank=True)
    ended_at = models.DateTimeField(null=True, blank=True)
    outcome = models.CharField(max_length=40, blank=True)

    class Meta:
        ordering = ["case", "number"]
        constraints = [
            models.UniqueConstraint(fields=["case", "number"], name="one_round_per_number"),
            models.UniqueConstraint(
                fields=["case"],
                condition=Q(started_at__isnull=False, ended_at=None),
                name="one_round_at_a_time",
            ),
            models.CheckConstraint(condition=Q(quorum__gte=1), name="quorum_is_at_least_one"),
            models.CheckConstraint(
                condition=Q(ended_at=None, outcome="") | (Q(ended_at__isnull=False) & ~Q(outcome="")),
                name="ended_round_says_how",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case.ref} round {self.number}"

    def voters(self, at: datetime | None = None) -> models.QuerySet[User]:
        """Who holds one of the roles above the case's unit at an instant, by name; conflicts included."""
        seats = Membership.objects.in_force(at).filter(
            role__in=self.roles, unit__path__in=paths_above(self.case.unit)
        )
        return User.objects.filter(is_active=True, pk__in=seats.values("user")).order_by("name")


def paths_above(unit: Unit) -> list[str]:
    """The path of a unit and of every unit above it."""
    steps = unit.path.strip("/").split("/")
    return ["/" + "".join(f"{step}/" for step in steps[: n + 1]) for n in range(len(steps))]


class Vote(models.Model):
    """One person's voice on one case. Never changed, never removed."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="votes")
    round = models.ForeignKey(Round, models.PROTECT, related_name="votes")
    voter = models.ForeignKey(User, models.PROTECT, related_name="votes")
    choice = models.SlugField(max_length=40)
    stance = models.CharField(max_length=8, choices=[(s.value, s.name.capitalize()) for s in Stance])
    reason = models.TextField()
    cast_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["cast_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["case", "voter"], name="one_vote_per_person"),
            models.CheckConstraint(condition=Q(stance__in=[s.value for s in Stance]), name="stance_known"),
            models.CheckConstraint(condition=~Q(reason=""), name="vote_gives_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.voter} on {self.case.ref}"

    @property
    def audit_system_id(self) -> int | None:
        return self.case.system_id


class ConflictOfInterest(models.Model):
    """A person stands too close to what is decided: no vote, and no place in the count."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="conflicts")
    person = models.ForeignKey(User, models.PROTECT, related_name="+")
    reason = models.TextField()
    declared = models.BooleanField(
        default=True, help_text="By the person; otherwise found when the case opened"
    )
    declared_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["declared_at", "pk"]
        constraints = [
            models.UniqueConstraint(fields=["case", "person"], name="one_conflict_per_person"),
            models.CheckConstraint(condition=~Q(reason=""), name="conflict_gives_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.person} on {self.case.ref}"

    @property
    def audit_system_id(self) -> int | None:
        return self.case.system_id


class ConditionState(models.TextChoices):
    """A proposed condition binds once the case is approved with conditions; otherwise it falls away."""

    PROPOSED = "proposed", "Proposed"
    BINDING = "binding", "Open"
    MET = "met", "Met"
    DROPPED = "dropped", "Fell away"


class ConditionQuerySet(models.QuerySet["Condition"]):
    def closing_the_gate(self, day: date) -> ConditionQuerySet:
        """Those that take the effect from an approval on a day: unmet, and due by then or without a day."""
        return self.filter(Q(due_on=None) | Q(due_on__lt=day), state=ConditionState.BINDING)


class Condition(models.Model):
    """What must be done for an approval to hold: by its day, or before anything if it has none."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="conditions")
    text = models.TextField()
    owner = models.ForeignKey(User, models.PROTECT, related_name="conditions")
    due_on = models.DateField(null=True, blank=True, help_text="Empty: before the approval takes effect")
    state = models.CharField(max_length=10, choices=ConditionState.choices, default=ConditionState.PROPOSED)
    proposed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    proposed_at = models.DateTimeField(default=timezone.now)
    how = models.TextField(blank=True, help_text="How it was met, in the words of its owner")
    reported_at = models.DateTimeField(null=True, blank=True)
    met_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    met_at = models.DateTimeField(null=True, blank=True)
    evidence = models.ForeignKey(Evidence, models.PROTECT, null=True, blank=True, related_name="+")

    objects = ConditionQuerySet.as_manager()

    class Meta:
        ordering = ["proposed_at", "pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="condition_says_something"),
            models.CheckConstraint(
                condition=Q(state="met", met_by__isnull=False, met_at__isnull=False) & ~Q(how="")
                | ~Q(state="met") & Q(met_by=None, met_at=None),
                name="met_condition_says_how",
            ),
            models.CheckConstraint(condition=~Q(met_by=F("owner")), name="condition_accepted_by_another"),
        ]
        indexes = [
            models.Index(fields=["owner", "due_on"], condition=Q(state="binding"), name="binding_condition")
        ]

    def __str__(self) -> str:
        return self.text

    @property
    def audit_system_id(self) -> int | None:
        return self.case.system_id


class Comment(models.Model):
    """A remark or a question on a case, beside the request. Never changed."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="comments")
    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    text = models.TextField()
    written_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["written_at", "pk"]
        constraints = [models.CheckConstraint(condition=~Q(text=""), name="comment_says_something")]

    def __str__(self) -> str:
        return f"{self.author} on {self.case.ref}"

    @property
    def audit_system_id(self) -> int | None:
        return self.case.system_id


class Escalation(models.Model):
    """Somebody was reminded of a case, once per rung of the ladder and day it was due."""

    case = models.ForeignKey(Case, models.PROTECT, related_name="escalations")
    rung = models.CharField(max_length=40)
    due_on = models.DateField()
    told_at = models.DateTimeField(default=timezone.now)
    told = ArrayField(models.BigIntegerField(), help_text="The ids of who was told")

    class Meta:
        ordering = ["told_at", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["case", "rung", "due_on"], name="one_escalation_per_rung_and_day"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.case.ref} {self.rung}"


class WaiverRequest(models.Model):
    """Somebody asks that one closed gate let one version pass until a day. A case decides."""

    version = models.ForeignKey(ModelVersion, models.PROTECT, related_name="waiver_requests")
    gate = models.SlugField(max_length=60)
    reason = models.TextField()
    expires_at = models.DateTimeField()
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    asked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("asked_at")), name="asked_waiver_expires"),
            models.CheckConstraint(condition=~Q(reason=""), name="asked_waiver_gives_a_reason"),
        ]

    def __str__(self) -> str:
        return f"{self.gate} for {self.version}"

    @property
    def system(self) -> System:
        return self.version.system

    @property
    def audit_system_id(self) -> int:
        return self.version.audit_system_id
