"""What a check found of a subject in a window, with the policy that judged it."""

from __future__ import annotations

from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from portal.accounts.models import User
from portal.areas import Verdict, Window
from portal.jobs.models import Run
from portal.registry.models import System

VERDICTS = [(verdict.value, verdict.value.replace("_", " ").capitalize()) for verdict in Verdict]


class EvaluationQuerySet(models.QuerySet["Evaluation"]):
    def visible_to(self, user: User, action: str = "checks.read") -> EvaluationQuerySet:
        return self.filter(system__in=System.objects.visible_to(user, action))

    def of(self, subject: models.Model) -> EvaluationQuerySet:
        return self.filter(subject_type=ContentType.objects.get_for_model(subject), subject_id=subject.pk)

    def beside(self, evaluation: Evaluation) -> EvaluationQuerySet:
        """Those of the same check and subject."""
        return self.filter(
            check_slug=evaluation.check_slug,
            subject_type=evaluation.subject_type_id,
            subject_id=evaluation.subject_id,
        )

    def current(self) -> EvaluationQuerySet:
        """The newest revision of each window."""
        return self.filter(superseded=False)


class Evaluation(models.Model):
    """The outcome of one check for one subject, window and revision. Never edited.

    ``readings`` are as the API shows them. The policy's parameters are copied, so what was judged stays
    explained when the policy changes. ``digest`` is the SHA-256 of all that was judged and of the judgement.
    """

    check_slug = models.SlugField(max_length=60)
    system = models.ForeignKey(System, models.PROTECT, related_name="evaluations")
    subject_type = models.ForeignKey(ContentType, models.PROTECT, related_name="+")
    subject_id = models.BigIntegerField()
    subject = GenericForeignKey("subject_type", "subject_id")
    window_start = models.DateTimeField()
    window_end = models.DateTimeField()
    revision = models.PositiveIntegerField(default=1)
    superseded = models.BooleanField(default=False, help_text="A later revision of the window exists")
    window_state = models.CharField(max_length=10, default="mature")
    verdict = models.CharField(max_length=14, choices=VERDICTS)
    readings = models.JSONField(default=list)
    policy_name = models.SlugField(max_length=60)
    policy_version = models.PositiveIntegerField()
    policy_parameters = models.JSONField()
    n = models.BigIntegerField(null=True)
    n_reference = models.BigIntegerField(null=True)
    engine = models.CharField(max_length=40, default="local")
    run = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="evaluations")
    digest = models.CharField(max_length=71)
    computed_at = models.DateTimeField(default=timezone.now)

    objects = EvaluationQuerySet.as_manager()

    class Meta:
        ordering = ["-window_end", "-revision"]
        constraints = [
            models.UniqueConstraint(
                fields=["check_slug", "subject_type", "subject_id", "window_start", "window_end", "revision"],
                name="one_evaluation_per_revision",
            ),
            models.CheckConstraint(condition=Q(window_end__gt=F("window_start")), name="evaluation_window"),
        ]
        indexes = [
            models.Index(
                fields=["check_slug", "subject_type", "subject_id", "-window_end", "-revision"],
                name="evaluation_newest",
            ),
            models.Index(fields=["system", "-window_end"], name="evaluations_of_system"),
        ]

    def __str__(self) -> str:
        return f"{self.check_slug} {self.window}: {self.verdict}"

    def get_absolute_url(self) -> str:
        return reverse("checks:evaluation", args=[self.pk])

    @property
    def outcome(self) -> Verdict:
        return Verdict(self.verdict)

    @property
    def window(self) -> Window:
        return Window(self.window_start, self.window_end)

    @property
    def audit_system_id(self) -> int:
        return self.system_id
