"""Versions of policies."""

from __future__ import annotations

from datetime import datetime

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from portal.accounts.models import User
from portal.registry.models import System


class PolicyState(models.TextChoices):
    """Where a version stands. An adopted one is in force from its day until a later number is."""

    PROPOSED = "proposed", "Waiting for a second person"
    ADOPTED = "adopted", "Adopted"
    REJECTED = "rejected", "Rejected"


class PolicyVersionQuerySet(models.QuerySet["PolicyVersion"]):
    def adopted(self, at: datetime | None = None) -> PolicyVersionQuerySet:
        """What had been adopted and had begun at an instant, the version that counts first."""
        return self.filter(state=PolicyState.ADOPTED, effective_from__lte=at or timezone.now()).order_by(
            "-number"
        )

    def waiting(self) -> PolicyVersionQuerySet:
        return self.filter(state=PolicyState.PROPOSED)


class PolicyVersion(models.Model):
    """The parameters of one kind of policy, from a day on. Never edited: a later number supersedes it.

    Version 1 of every kind is the one shipped in code and has no row. With ``system`` the version holds for
    that system only; there, ``parameters`` of None mean "as everywhere else from now on".
    """

    kind = models.SlugField(max_length=60)
    system = models.ForeignKey(System, models.PROTECT, null=True, blank=True, related_name="policies")
    number = models.PositiveIntegerField(null=True, blank=True, help_text="Given when it is adopted")
    parameters = models.JSONField(null=True, blank=True)
    effective_from = models.DateTimeField()
    state = models.CharField(max_length=10, choices=PolicyState.choices)
    loosens = models.BooleanField(help_text="It allows more than the version before, so two people decide")
    reason = models.TextField()
    proposed_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    proposed_at = models.DateTimeField(default=timezone.now)
    decided_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    decided_at = models.DateTimeField(null=True, blank=True)
    decision = models.TextField(blank=True, help_text="Why the second person agreed or did not")

    objects = PolicyVersionQuerySet.as_manager()

    class Meta:
        ordering = ["kind", "-proposed_at"]
        constraints = [
            models.UniqueConstraint(fields=["kind", "number"], name="one_policy_per_number"),
            models.UniqueConstraint(
                fields=["kind", "system"],
                condition=Q(state=PolicyState.PROPOSED),
                nulls_distinct=False,
                name="one_policy_proposal_at_a_time",
            ),
            models.CheckConstraint(
                condition=Q(loosens=False) | Q(decided_by=None) | ~Q(decided_by=F("proposed_by")),
                name="policy_four_eyes",
            ),
            models.CheckConstraint(
                condition=Q(state=PolicyState.ADOPTED, number__gt=1, decided_at__isnull=False)
                | (~Q(state=PolicyState.ADOPTED) & Q(number=None)),
                name="adopted_policy_has_a_number",
            ),
            models.CheckConstraint(
                condition=Q(system__isnull=False) | Q(parameters__isnull=False),
                name="general_policy_has_parameters",
            ),
        ]
        indexes = [models.Index(fields=["kind", "effective_from"], name="policy_in_force")]

    def __str__(self) -> str:
        return f"{self.kind} version {self.number}" if self.number else f"{self.kind}, proposed"

    def get_absolute_url(self) -> str:
        return reverse("policies:policy", args=[self.kind])

    @property
    def audit_label(self) -> str:
        return str(self)

    @property
    def audit_system_id(self) -> int | None:
        return self.system_id
