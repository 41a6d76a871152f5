"""Saved what-ifs; a trigger of migration 0002 keeps an accepted one as it is."""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from portal import areas
from portal.accounts.models import User
from portal.analyses.typed import canonical, decode, digest
from portal.areas import AnalysisKind
from portal.registry.models import System


class State(models.TextChoices):
    """Where an analysis stands. Only a draft changes."""

    DRAFT = "draft", "Draft"
    ACCEPTED = "accepted", "Accepted"
    SET_ASIDE = "set_aside", "Set aside"


class AnalysisQuerySet(models.QuerySet["Analysis"]):
    def visible_to(self, user: User, action: str = "analyses.read") -> AnalysisQuerySet:
        """The analyses of systems on which this person may do the action."""
        return self.filter(system__in=System.objects.visible_to(user, action))

    def with_ref(self, ref: str) -> AnalysisQuerySet:
        """The analysis of a reference such as ANL-12; none for any other text."""
        digits = ref.removeprefix("ANL-")
        known = ref.startswith("ANL-") and digits.isascii() and digits.isdecimal() and len(digits) < 19
        return self.filter(pk=int(digits)) if known else self.none()


class Analysis(models.Model):
    """One what-if: the question, typed inputs, the engine that computed the result, and what was chosen.

    ``digest`` is the SHA-256 of kind, engine, inputs, result and choice in their canonical text.
    """

    kind = models.SlugField(max_length=60)
    title = models.CharField(max_length=200)
    question = models.TextField(blank=True, help_text="What is to be decided, and why now")
    system = models.ForeignKey(System, models.PROTECT, related_name="analyses")
    inputs = models.JSONField()
    result = models.JSONField()
    engine = models.PositiveIntegerField()
    choice = models.CharField(max_length=200, blank=True)
    digest = models.CharField(max_length=64)
    based_on = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="variants")
    state = models.CharField(max_length=10, choices=State.choices, default=State.DRAFT)
    created_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    closed_at = models.DateTimeField(null=True, blank=True, help_text="When it was accepted or set aside")
    closing_reason = models.TextField(blank=True)

    objects = AnalysisQuerySet.as_manager()

    class Meta:
        ordering = ["-updated_at", "-pk"]
        verbose_name_plural = "analyses"
        constraints = [
            models.CheckConstraint(
                condition=Q(state="draft", closed_at=None) | ~Q(state="draft") & Q(closed_at__isnull=False),
                name="closed_analysis_says_when",
            ),
            models.CheckConstraint(
                condition=~Q(state="accepted") | ~Q(choice=""), name="accepted_analysis_has_a_choice"
            ),
            models.CheckConstraint(
                condition=Q(digest__regex=r"^[0-9a-f]{64}$"), name="analysis_digest_is_sha256"
            ),
            models.CheckConstraint(condition=~Q(based_on=F("pk")), name="analysis_based_on_another"),
        ]
        indexes = [models.Index(fields=["kind", "state"], name="analysis_of_kind")]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("analyses:analysis", args=[self.ref])

    @property
    def ref(self) -> str:
        return f"ANL-{self.pk}"

    @property
    def audit_label(self) -> str:
        return f"{self.ref} {self.title}" if self.pk else self.title

    @property
    def audit_system_id(self) -> int:
        return self.system_id

    @property
    def declared_kind(self) -> AnalysisKind:
        found: AnalysisKind = areas.find("analyses", self.kind)
        return found

    @property
    def is_draft(self) -> bool:
        return self.state == State.DRAFT

    @property
    def readable(self) -> bool:
        """Whether its result is of the engine in force, so that its page can draw it."""
        return self.engine == self.declared_kind.engine

    def typed_inputs(self) -> Any:
        """The inputs as their dataclass. Raises Invalid where the kind no longer knows them."""
        return decode(self.declared_kind.inputs, self.inputs)

    def typed_result(self) -> Any:
        """The stored result as its dataclass; nothing is computed. Raises Invalid as above."""
        return decode(self.declared_kind.result, self.result)

    @property
    def computed_digest(self) -> str:
        """The digest of what is stored now, to be held against the one that was kept."""
        return digest(self.canonical_text())

    def canonical_text(self) -> str:
        """The text that the digest is of."""
        return canonical(
            {
                "choice": self.choice,
                "engine": self.engine,
                "inputs": self.inputs,
                "kind": self.kind,
                "result": self.result,
            }
        )
