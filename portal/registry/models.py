"""Systems, registered models, versions, aliases and assignments: the one registry all areas share."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.postgres.constraints import ExclusionConstraint
from django.contrib.postgres.fields import DateTimeRangeField, RangeBoundary, RangeOperators
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import F, Func, Q
from django.db.models.functions import Lower
from django.urls import reverse
from django.utils import timezone
from guardian.models import UserObjectPermissionBase

from portal.accounts.models import Unit, User
from portal.registry.scope import systems_of


class Tier(models.TextChoices):
    """How much harm a system can do, in the words of the EU AI Act."""

    MINIMAL = "minimal", "Minimal"
    LIMITED = "limited", "Limited"
    HIGH = "high", "High"
    PROHIBITED = "prohibited", "Prohibited"


class Stage(models.TextChoices):
    """Where a system stands between the first proposal and the archive."""

    PROPOSED = "proposed", "Proposed"
    APPROVED = "approved", "Approved"
    DEVELOPMENT = "development", "In development"
    OPERATION = "operation", "In operation"
    PAUSED = "paused", "Paused"
    RETIRING = "retiring", "Retiring"
    ARCHIVED = "archived", "Archived"


class State(models.TextChoices):
    """Where a version stands."""

    REGISTERED = "registered", "Registered"
    IN_VALIDATION = "in_validation", "In validation"
    APPROVED = "approved", "Approved"
    DEPLOYED = "deployed", "Deployed"
    DEPRECATED = "deprecated", "Deprecated"
    RETIRED = "retired", "Retired"


class SystemQuerySet(models.QuerySet["System"]):
    def with_ref(self, ref: str) -> SystemQuerySet:
        """The system of a reference such as SYS-12; none for any other text."""
        digits = ref.removeprefix("SYS-")
        known = ref.startswith("SYS-") and digits.isascii() and digits.isdecimal() and len(digits) < 19
        return self.filter(pk=int(digits)) if known else self.none()

    def visible_to(self, user: User, action: str = "registry.read") -> SystemQuerySet:
        """The systems on which this person may do the action: by unit, or by an unexpired grant.

        This is the only row scope in the code.
        """
        return self.filter(pk__in=systems_of(user, action))


class System(models.Model):
    """An AI system in the sense of governance: a purpose, an owner, a unit, a population, a risk tier."""

    name = models.CharField(max_length=120)
    purpose = models.TextField(blank=True)
    population = models.TextField(blank=True, help_text="Whom it affects")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="systems")
    owner = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="owned_systems")
    deputy = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="deputised_systems")
    risk_tier = models.CharField(max_length=12, choices=Tier.choices, default=Tier.LIMITED)
    stage = models.CharField(max_length=12, choices=Stage.choices, default=Stage.PROPOSED)
    customer_facing = models.BooleanField(default=False)
    affects_rights = models.BooleanField(
        default=False, help_text="It decides or prepares decisions on people"
    )
    unassigned = models.BooleanField(default=False, editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)

    objects = SystemQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        default_permissions = ()
        permissions = [("read_system", "Read the system"), ("work_on_system", "Read and work on the system")]
        constraints = [
            models.UniqueConstraint(Lower("name"), name="one_system_per_name"),
            models.UniqueConstraint(
                fields=["unit"], condition=Q(unassigned=True), name="one_unassigned_system_per_unit"
            ),
            models.CheckConstraint(
                condition=Q(deputy=None) | ~Q(deputy=F("owner")), name="deputy_is_somebody_else"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("registry:system", args=[self.ref])

    @property
    def ref(self) -> str:
        return f"SYS-{self.pk}"

    @property
    def audit_system_id(self) -> int:
        return self.pk


class SystemGrant(UserObjectPermissionBase):
    """An exception to the units: one person may read or work on one system, for a reason, until a day.

    Guardian's table with a direct foreign key; the reason, the grantor and the end are ours.
    """

    id = models.BigAutoField(primary_key=True)
    content_object = models.ForeignKey(System, models.CASCADE, related_name="grants")
    reason = models.TextField()
    granted_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    granted_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()

    objects = models.Manager["SystemGrant"]()  # type: ignore[assignment,misc]  # in place of guardian's

    class Meta(UserObjectPermissionBase.Meta):
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("granted_at")), name="grant_expires"),
            models.CheckConstraint(condition=~Q(user=F("granted_by")), name="nobody_grants_to_themselves"),
        ]

    @property
    def audit_label(self) -> str:
        return f"access to {self.content_object.name}"

    @property
    def audit_system_id(self) -> int:
        return self.content_object_id


class ModelQuerySet(models.QuerySet["RegisteredModel"]):
    def visible_to(self, user: User, action: str = "registry.read") -> ModelQuerySet:
        return self.filter(system__in=systems_of(user, action))


class RegisteredModel(models.Model):
    """A name under which versions are registered. Names are unique in the organisation."""

    name = models.CharField(max_length=256, unique=True)
    system = models.ForeignKey(System, models.PROTECT, related_name="models")
    description = models.TextField(blank=True)
    tags = models.JSONField(default=dict, blank=True)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    last_number = models.PositiveIntegerField(default=0, editable=False)

    objects = ModelQuerySet.as_manager()

    class Meta:
        ordering = ["name"]
        indexes = [
            GinIndex(fields=["tags"], name="model_tags", opclasses=["jsonb_path_ops"]),
            models.Index(F("updated_at").desc(), name="model_updated"),
        ]

    def __str__(self) -> str:
        return self.name

    def get_absolute_url(self) -> str:
        return reverse("registry:model", args=[self.name])


class VersionQuerySet(models.QuerySet["ModelVersion"]):
    def visible_to(self, user: User, action: str = "registry.read") -> VersionQuerySet:
        return self.filter(model__system__in=systems_of(user, action))

    def live(self) -> VersionQuerySet:
        """Those not deleted through the API; the rows of deleted ones are kept."""
        return self.filter(deleted_at=None)


class ModelVersion(models.Model):
    """One version of a registered model, with what its registration told."""

    model = models.ForeignKey(RegisteredModel, models.PROTECT, related_name="versions")
    number = models.PositiveIntegerField()
    state = models.CharField(max_length=14, choices=State.choices, default=State.REGISTERED)
    stage = models.CharField(max_length=12, default="None", help_text="MLflow's stage")
    source = models.TextField(blank=True)
    location = models.TextField(
        blank=True, help_text="Where the files are, if the source names another version that has them"
    )
    run_id = models.CharField(max_length=250, blank=True)
    run_link = models.TextField(blank=True)
    logged_model = models.CharField(max_length=250, blank=True, help_text="MLflow 3: m-… of the logged model")
    description = models.TextField(blank=True)
    tags = models.JSONField(default=dict, blank=True)
    schema = models.JSONField(
        null=True, blank=True, help_text="Declared inputs, see design: a version's schema"
    )
    facts = models.JSONField(
        default=dict, blank=True, help_text="Read from code: framework, commit, packages, size"
    )
    metrics = models.JSONField(default=dict, blank=True)
    created_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(default=timezone.now)
    updated_at = models.DateTimeField(default=timezone.now)
    deleted_at = models.DateTimeField(null=True, blank=True)

    objects = VersionQuerySet.as_manager()

    class Meta:
        ordering = ["model", "-number"]
        constraints = [
            models.UniqueConstraint(fields=["model", "number"], name="one_version_per_number"),
        ]
        indexes = [
            GinIndex(fields=["tags"], name="version_tags", opclasses=["jsonb_path_ops"]),
            models.Index(fields=["-updated_at"], name="version_updated"),
            models.Index(fields=["run_id"], name="version_run"),
        ]

    def __str__(self) -> str:
        return f"{self.model.name} v{self.number}"

    def get_absolute_url(self) -> str:
        return reverse("registry:version", args=[self.model.name, self.number])

    @property
    def audit_label(self) -> str:
        return str(self)

    @property
    def audit_system_id(self) -> int:
        return self.model.system_id

    @property
    def system(self) -> System:
        return self.model.system


class Alias(models.Model):
    """A movable name for one version of a model, e.g. champion."""

    model = models.ForeignKey(RegisteredModel, models.CASCADE, related_name="aliases")
    alias = models.CharField(max_length=255)
    version = models.ForeignKey(ModelVersion, models.CASCADE, related_name="aliases")

    class Meta:
        constraints = [models.UniqueConstraint(fields=["model", "alias"], name="one_version_per_alias")]

    def __str__(self) -> str:
        return self.alias

    @property
    def audit_system_id(self) -> int:
        return self.model.system_id


class Mode(models.TextChoices):
    """What a closed gate does in an environment."""

    ENFORCES = "enforces", "Enforces"
    WARNS = "warns", "Warns"
    OBSERVES = "observes", "Observes"


class Environment(models.Model):
    """Where versions serve. ``mode`` holds for every gate without a setting of its own."""

    slug = models.SlugField(max_length=40, unique=True)
    name = models.CharField(max_length=60)
    mode = models.CharField(max_length=10, choices=Mode.choices, default=Mode.ENFORCES)
    order = models.PositiveSmallIntegerField(default=0)

    class Meta:
        ordering = ["order", "slug"]

    def __str__(self) -> str:
        return self.name


class GateSetting(models.Model):
    """One gate's mode in one environment, so that an organisation can adopt step by step."""

    environment = models.ForeignKey(Environment, models.CASCADE, related_name="gate_settings")
    gate = models.SlugField(max_length=60)
    mode = models.CharField(max_length=10, choices=Mode.choices)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["environment", "gate"], name="one_mode_per_gate")]

    def __str__(self) -> str:
        return f"{self.gate} {self.mode} in {self.environment}"

    @property
    def audit_label(self) -> str:
        return f"{self.gate} in {self.environment}"


class GateWaiver(models.Model):
    """A closed gate is let pass for one version, for a reason, until a day, by somebody else's decision."""

    version = models.ForeignKey(ModelVersion, models.PROTECT, related_name="waivers")
    gate = models.SlugField(max_length=60)
    reason = models.TextField()
    asked_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    granted_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    granted_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()

    class Meta:
        constraints = [
            models.CheckConstraint(condition=~Q(asked_by=F("granted_by")), name="waiver_four_eyes"),
            models.CheckConstraint(condition=Q(expires_at__gt=F("granted_at")), name="waiver_expires"),
        ]

    def __str__(self) -> str:
        return f"waiver of {self.gate} for {self.version}"

    @property
    def audit_label(self) -> str:
        return str(self)

    @property
    def audit_system_id(self) -> int:
        return self.version.audit_system_id


class AssignmentRole(models.TextChoices):
    PRIMARY = "primary", "Primary"
    CANARY = "canary", "Canary"
    SHADOW = "shadow", "Shadow"


class AssignmentQuerySet(models.QuerySet["Assignment"]):
    def as_of(self, at: datetime) -> AssignmentQuerySet:
        """What served at an instant."""
        return self.filter(period__contains=at)

    def visible_to(self, user: User, action: str = "registry.read") -> AssignmentQuerySet:
        return self.filter(model__system__in=System.objects.visible_to(user, action))

    def current(self) -> AssignmentQuerySet:
        return self.filter(period__endswith=None)


class Assignment(models.Model):
    """A version serves in an environment from one instant to another.

    At most one primary per model and environment at any instant: so "what was in production on day D"
    has one answer.
    """

    model = models.ForeignKey(RegisteredModel, models.PROTECT, related_name="assignments")
    environment = models.ForeignKey(Environment, models.PROTECT, related_name="assignments")
    version = models.ForeignKey(ModelVersion, models.PROTECT, related_name="assignments")
    role = models.CharField(max_length=10, choices=AssignmentRole.choices, default=AssignmentRole.PRIMARY)
    share = models.DecimalField(max_digits=4, decimal_places=3, default=1, help_text="Of traffic, 0 to 1")
    period = DateTimeRangeField()
    assigned_by = models.ForeignKey(User, models.PROTECT, null=True, related_name="+")

    objects = AssignmentQuerySet.as_manager()

    class Meta:
        ordering = ["-period"]
        constraints = [
            ExclusionConstraint(
                name="one_primary_at_any_instant",
                expressions=[
                    ("model", RangeOperators.EQUAL),
                    ("environment", RangeOperators.EQUAL),
                    ("period", RangeOperators.OVERLAPS),
                ],
                condition=Q(role="primary"),
            ),
            models.CheckConstraint(condition=Q(share__gte=0, share__lte=1), name="share_is_a_rate"),
        ]

    def __str__(self) -> str:
        return f"{self.version} {self.role} in {self.environment}"

    @property
    def audit_label(self) -> str:
        return str(self)

    @property
    def audit_system_id(self) -> int:
        return self.model.system_id


class Range(Func):
    """A half-open period ``[from, to)`` as an expression."""

    function = "TSTZRANGE"
    output_field = DateTimeRangeField()

    def __init__(self, start: Any, end: Any) -> None:
        super().__init__(start, end, RangeBoundary())
