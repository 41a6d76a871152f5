"""Bills and their lines, the rules that say who answers for them, what followed, and budgets."""

from __future__ import annotations

from datetime import UTC, date, timedelta
from decimal import Decimal

from django.db import models
from django.db.models import F, Q
from django.urls import reverse
from django.utils import timezone

from costs.fields import MoneyField
from portal.accounts.models import Unit, User
from portal.registry.models import ModelVersion, System


class BillQuerySet(models.QuerySet["Bill"]):
    def valid(self) -> BillQuerySet:
        """Those that no corrected bill has replaced."""
        return self.filter(replaced_by=None)


class Bill(models.Model):
    """One FOCUS file, known by its content: the same file again is the same bill."""

    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the file")
    name = models.CharField(max_length=200)
    currency = models.CharField(max_length=3)
    rows = models.PositiveIntegerField()
    billed = MoneyField()
    effective = MoneyField()
    first_period = models.DateField(help_text="First day of the earliest billing month")
    last_period = models.DateField(help_text="First day of the latest billing month")
    covered_until = models.DateTimeField(help_text="End of the last usage charge")
    replaced_by = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="replaced")
    imported_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    imported_at = models.DateTimeField(default=timezone.now)

    objects = BillQuerySet.as_manager()

    class Meta:
        ordering = ["-last_period", "-pk"]
        constraints = [
            models.CheckConstraint(condition=~Q(replaced_by=F("pk")), name="bill_replaced_by_another"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def covers(self) -> date:
        """The last day that is billed: a bill that ends at midnight covers the day before."""
        return (self.covered_until - timedelta(microseconds=1)).astimezone(UTC).date()


class Upload(models.Model):
    """A bill too large to load while its sender waits: its bytes are kept, and a run loads them."""

    digest = models.CharField(max_length=64, unique=True, help_text="SHA-256 of the file")
    name = models.CharField(max_length=200)
    size = models.BigIntegerField(help_text="In bytes")
    replaces = models.ForeignKey(Bill, models.PROTECT, null=True, blank=True, related_name="+")
    bill = models.OneToOneField(Bill, models.PROTECT, null=True, blank=True, related_name="upload")
    sent_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    sent_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-sent_at"]
        constraints = [models.CheckConstraint(condition=Q(size__gt=0), name="upload_has_bytes")]

    def __str__(self) -> str:
        return self.name


class TagSet(models.Model):
    """A distinct set of tags, stored once however many lines carry it."""

    digest = models.CharField(max_length=64, unique=True)
    tags = models.JSONField()

    def __str__(self) -> str:
        return ", ".join(f"{key}={value}" for key, value in self.tags.items())


class CostLine(models.Model):
    """The charges of a bill that are alike in all but their time and amounts, with their sums.

    Empty texts mean that the bill does not say. The file itself is kept under its digest.
    """

    id = models.BigAutoField(primary_key=True)
    bill = models.ForeignKey(Bill, models.CASCADE, related_name="lines", db_index=False)
    period = models.DateField(help_text="First day of the billing month")
    provider = models.TextField()
    host = models.TextField(blank=True)
    issuer = models.TextField(blank=True)
    service = models.TextField()
    service_category = models.TextField(blank=True)
    account = models.TextField()
    sub_account = models.TextField(blank=True)
    resource = models.TextField(blank=True)
    resource_type = models.TextField(blank=True)
    region = models.TextField(blank=True)
    category = models.CharField(max_length=20)
    invoice = models.TextField(blank=True)
    tag_set = models.ForeignKey(TagSet, models.PROTECT, null=True, related_name="lines", db_index=False)
    rows = models.PositiveIntegerField(default=1, help_text="How many charges")
    billed = MoneyField()
    effective = MoneyField()
    list_cost = MoneyField(null=True)
    contracted = MoneyField(null=True)

    class Meta:
        indexes = [models.Index(fields=["bill", "period"], name="line_of_bill")]
        constraints = [models.CheckConstraint(condition=Q(rows__gt=0), name="cost_line_of_charges")]

    def __str__(self) -> str:
        return f"{self.service} {self.billed}"


class RuleSet(models.Model):
    """Who answers for which cost, in force for billing months from ``starts_on`` on. Never edited."""

    number = models.PositiveIntegerField(unique=True)
    starts_on = models.DateField(help_text="First billing month, by its first day")
    reason = models.TextField()
    set_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    set_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-number"]
        constraints = [
            models.CheckConstraint(condition=Q(starts_on__day=1), name="rules_start_with_a_month"),
            models.CheckConstraint(condition=~Q(reason=""), name="rules_have_a_reason"),
        ]

    def __str__(self) -> str:
        return f"Rules version {self.number}"

    def get_absolute_url(self) -> str:
        return reverse("costs:rules")


class Method(models.TextChoices):
    """How a rule finds its charges, in the order in which rules are asked."""

    TAG = "tag", "A tag has this value"
    NAMED = "named", "A tag names the system"
    RESOURCE = "resource", "The resource is this one"
    ACCOUNT = "account", "The account or sub-account is this one"
    SHARED = "shared", "Everything else of a service"


ORDER = {method: place for place, method in enumerate(Method)}
"""The place of each method when a charge looks for its rule."""


class Rule(models.Model):
    """One line of a rule set: which charges, and who bears them. Its shares say in which proportion."""

    rule_set = models.ForeignKey(RuleSet, models.CASCADE, related_name="rules")
    position = models.PositiveSmallIntegerField()
    method = models.CharField(max_length=10, choices=Method.choices)
    key = models.CharField(max_length=128, blank=True, help_text="The tag's key")
    value = models.CharField(max_length=400, blank=True, help_text="Tag value, resource, account or service")

    class Meta:
        ordering = ["position"]
        constraints = [
            models.UniqueConstraint(fields=["rule_set", "position"], name="one_rule_per_position"),
            models.CheckConstraint(
                condition=(~Q(method__in=["tag", "named"]) & Q(key=""))
                | (Q(method__in=["tag", "named"]) & ~Q(key="")),
                name="rules_on_tags_name_a_key",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.get_method_display()} {self.key} {self.value}".strip()


class RuleShare(models.Model):
    """Who bears a rule's charges: a unit, a system or a version, by weight."""

    rule = models.ForeignKey(Rule, models.CASCADE, related_name="shares")
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="+")
    system = models.ForeignKey(System, models.PROTECT, null=True, blank=True, related_name="+")
    version = models.ForeignKey(ModelVersion, models.PROTECT, null=True, blank=True, related_name="+")
    weight = models.DecimalField(max_digits=12, decimal_places=6, default=Decimal(1))

    class Meta:
        ordering = ["pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(unit__isnull=False, system=None, version=None)
                | Q(unit=None, system__isnull=False, version=None)
                | Q(unit=None, system=None, version__isnull=False),
                name="one_bearer_per_share",
            ),
            models.CheckConstraint(condition=Q(weight__gte=0), name="share_weight_not_negative"),
        ]

    def __str__(self) -> str:
        return str(self.version or self.system or self.unit)


class Allocation(models.Model):
    """A bill split by a rule set. Split again it is a further revision; the earlier ones stay."""

    bill = models.ForeignKey(Bill, models.PROTECT, related_name="allocations")
    revision = models.PositiveIntegerField()
    current = models.BooleanField(default=True)
    reason = models.TextField(blank=True)
    made_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    made_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["-revision"]
        constraints = [
            models.UniqueConstraint(fields=["bill", "revision"], name="one_allocation_per_revision"),
            models.UniqueConstraint(
                fields=["bill"], condition=Q(current=True), name="one_current_allocation_per_bill"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.bill}, revision {self.revision}"


class Share(models.Model):
    """What one bearer bears of a bill's month. Without a unit nobody answers for it yet.

    ``unknown`` is the value of a tag that should name a system and does not, so that somebody can ask.
    """

    allocation = models.ForeignKey(Allocation, models.CASCADE, related_name="shares")
    period = models.DateField()
    rule_set = models.ForeignKey(RuleSet, models.PROTECT, null=True, related_name="+")
    unit = models.ForeignKey(Unit, models.PROTECT, null=True, related_name="cost_shares")
    system = models.ForeignKey(System, models.PROTECT, null=True, related_name="cost_shares")
    version = models.ForeignKey(ModelVersion, models.PROTECT, null=True, related_name="cost_shares")
    unknown = models.CharField(max_length=200, blank=True, help_text="A tag's value that names no system")
    billed = MoneyField()
    effective = MoneyField()

    class Meta:
        indexes = [
            models.Index(fields=["period"], name="share_of_month"),
            models.Index(fields=["system", "period"], name="share_of_system"),
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["allocation", "period", "unit", "system", "version", "unknown"],
                nulls_distinct=False,
                name="one_share_per_bearer",
            ),
            models.CheckConstraint(
                condition=Q(unit__isnull=False) | Q(system=None, version=None), name="bearers_have_a_unit"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version or self.system or self.unit or 'unallocated'} {self.billed}"


class Grain(models.TextChoices):
    """What a budget covers."""

    MONTH = "month", "Month"
    QUARTER = "quarter", "Quarter"


class BudgetQuerySet(models.QuerySet["Budget"]):
    def in_force(self, day: date) -> BudgetQuerySet:
        """Those that hold on a day."""
        return self.filter(Q(ends_on=None) | Q(ends_on__gt=day), starts_on__lte=day)


class Budget(models.Model):
    """How much a unit or a system may spend a month or a quarter, from a day until its end.

    ``answers`` is the system whose people hear of it: its own, or for a unit the one named when it was set.
    """

    unit = models.ForeignKey(Unit, models.PROTECT, null=True, blank=True, related_name="budgets")
    system = models.ForeignKey(System, models.PROTECT, null=True, blank=True, related_name="budgets")
    answers = models.ForeignKey(System, models.PROTECT, related_name="+")
    grain = models.CharField(max_length=8, choices=Grain.choices, default=Grain.MONTH)
    amount = MoneyField()
    currency = models.CharField(max_length=3)
    starts_on = models.DateField()
    ends_on = models.DateField(null=True, blank=True, help_text="The first day it no longer holds")
    reason = models.TextField()
    set_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    set_at = models.DateTimeField(default=timezone.now)

    objects = BudgetQuerySet.as_manager()

    class Meta:
        ordering = ["unit__path", "system__name", "-starts_on"]
        constraints = [
            models.CheckConstraint(
                condition=Q(unit__isnull=False, system=None) | Q(unit=None, system__isnull=False),
                name="budget_of_a_unit_or_a_system",
            ),
            models.CheckConstraint(condition=Q(amount__gt=0), name="budget_amount_positive"),
            models.CheckConstraint(
                condition=Q(ends_on=None) | Q(ends_on__gte=F("starts_on")), name="budget_ends_after_start"
            ),
            models.UniqueConstraint(
                fields=["unit", "system"],
                condition=Q(ends_on=None),
                nulls_distinct=False,
                name="one_open_budget",
            ),
        ]

    def __str__(self) -> str:
        return str(self.unit or self.system)

    @property
    def audit_system_id(self) -> int:
        return self.answers_id
