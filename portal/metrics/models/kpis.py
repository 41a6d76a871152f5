"""KPIs with targets, grouped by the pillars of the strategy."""

from __future__ import annotations

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from portal.accounts.models import User
from portal.registry.models import System


class Pillar(models.Model):
    """A strategic aim under which KPIs stand."""

    name = models.CharField(max_length=120, unique=True)
    slug = models.SlugField(max_length=80, unique=True)
    description = models.TextField(blank=True)
    order = models.PositiveSmallIntegerField(default=100)

    class Meta:
        ordering = ["order", "name"]

    def __str__(self) -> str:
        return self.name


class Direction(models.TextChoices):
    """Which way is better."""

    UP = "up", "Higher is better"
    DOWN = "down", "Lower is better"


class Period(models.TextChoices):
    """What one value covers. Months and quarters are the organisation's."""

    MONTH = "month", "Month"
    QUARTER = "quarter", "Quarter"


class Source(models.TextChoices):
    """Where the values come from."""

    ENTERED = "entered", "Entered or imported"
    METRIC = "metric", "Computed from a metric of the contributing systems"


class Aggregation(models.TextChoices):
    """How a metric's samples of all contributing systems become one value of a period."""

    MEAN = "mean", "Mean, weighted by the number of rows"
    SUM = "sum", "Sum"
    LATEST = "latest", "Sum of the newest value of each version or system"


class Kpi(models.Model):
    """A KPI: what it measures, which way is better, who answers for it.

    ``tolerance`` is how far past its target, as a share of the target, a value is at risk rather than off
    track.
    """

    name = models.CharField(max_length=120, unique=True)
    slug = models.SlugField(max_length=80, unique=True)
    pillar = models.ForeignKey(Pillar, models.PROTECT, related_name="kpis")
    description = models.TextField(blank=True)
    unit = models.CharField(max_length=20, blank=True, help_text="E.g. %, pp, EUR, hours")
    decimals = models.PositiveSmallIntegerField(default=1)
    direction = models.CharField(max_length=4, choices=Direction.choices)
    period = models.CharField(max_length=8, choices=Period.choices, default=Period.MONTH)
    tolerance = models.FloatField(default=0.1)
    owner = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="kpis")
    deputy = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    source = models.CharField(max_length=8, choices=Source.choices, default=Source.ENTERED)
    metric = models.SlugField(max_length=60, blank=True)
    aggregation = models.CharField(max_length=8, choices=Aggregation.choices, blank=True)
    formula = models.TextField(blank=True, help_text="In words, for whoever asks how it is computed")
    interval_method = models.CharField(max_length=200, blank=True)
    order = models.PositiveSmallIntegerField(default=100)
    created_at = models.DateTimeField(default=timezone.now)
    retired_at = models.DateTimeField(null=True, blank=True)

    systems: models.ManyToManyField[System, KpiContribution] = models.ManyToManyField(
        System, through="KpiContribution", related_name="kpis"
    )

    class Meta:
        ordering = ["pillar__order", "order", "name"]
        constraints = [
            models.CheckConstraint(condition=Q(tolerance__gte=0, tolerance__lte=1), name="kpi_tolerance"),
            models.CheckConstraint(condition=Q(decimals__lte=6), name="kpi_decimals"),
            models.CheckConstraint(
                condition=Q(source=Source.ENTERED, metric="", aggregation="")
                | (Q(source=Source.METRIC) & ~Q(metric="") & ~Q(aggregation="")),
                name="computed_kpi_names_its_metric",
            ),
            models.CheckConstraint(
                condition=Q(deputy=None) | ~Q(deputy=F("owner")), name="kpi_deputy_is_somebody_else"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("metrics:kpi", args=[self.slug])


class Target(models.Model):
    """What a KPI should reach, from a day until the next target's day."""

    kpi = models.ForeignKey(Kpi, models.CASCADE, related_name="targets")
    value = models.FloatField()
    starts_on = models.DateField()
    reason = models.TextField(help_text="Which decision set it")
    set_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    set_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["starts_on"]
        constraints = [
            models.UniqueConstraint(fields=["kpi", "starts_on"], name="one_target_per_day"),
        ]

    def __str__(self) -> str:
        return f"{self.value:g} from {self.starts_on}"


class KpiContribution(models.Model):
    """A system contributes a share of a KPI's value."""

    kpi = models.ForeignKey(Kpi, models.CASCADE, related_name="contributions")
    system = models.ForeignKey(System, models.PROTECT, related_name="contributions")
    share = models.FloatField(null=True, blank=True, help_text="Of the value, 0 to 1; empty if unknown")

    class Meta:
        ordering = [F("share").desc(nulls_last=True), "system__name"]
        constraints = [
            models.UniqueConstraint(fields=["kpi", "system"], name="one_contribution_per_system"),
            models.CheckConstraint(
                condition=Q(share=None) | Q(share__gte=0, share__lte=1), name="contribution_is_a_rate"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.system} in {self.kpi}"

    @property
    def audit_system_id(self) -> int:
        return self.system_id


class CheckIn(models.Model):
    """What the owner says of a KPI at a moment. Never edited."""

    kpi = models.ForeignKey(Kpi, models.CASCADE, related_name="check_ins")
    text = models.TextField()
    author = models.ForeignKey(User, models.PROTECT, related_name="+")
    written_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-written_at"]

    def __str__(self) -> str:
        return f"{self.author} on {self.kpi}"
