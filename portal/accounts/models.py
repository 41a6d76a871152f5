"""People, the units they belong to, and the tokens their programs carry."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from django.contrib.auth.models import AbstractBaseUser, UserManager
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import F, Q
from django.utils import timezone
from django.utils.functional import cached_property

from portal.api.prepared import Given, Prepared
from portal.areas import Role
from portal.rights import matrix

ROLES = [(role.value, role.name.capitalize()) for role in Role]


class Organisation(models.Model):
    """The one organisation of this installation."""

    name = models.CharField(max_length=120)
    time_zone = models.CharField(max_length=60, default="UTC")
    currency = models.CharField(max_length=3, default="EUR")
    first_fiscal_month = models.PositiveSmallIntegerField(default=1)
    language = models.CharField(max_length=10, default="en")
    simulated = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.CheckConstraint(condition=Q(pk=1), name="one_organisation"),
            models.CheckConstraint(
                condition=Q(first_fiscal_month__gte=1, first_fiscal_month__lte=12), name="fiscal_month"
            ),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def zone(self) -> ZoneInfo:
        return ZoneInfo(self.time_zone)

    def today(self, at: datetime | None = None) -> date:
        """The organisation's calendar day at an instant, by default now."""
        return (at or timezone.now()).astimezone(self.zone).date()


class Unit(models.Model):
    """A unit of the organisation. ``path`` names the units above it, so a subtree is a prefix."""

    name = models.CharField(max_length=120)
    slug = models.SlugField(max_length=80, unique=True)
    parent = models.ForeignKey("self", models.PROTECT, null=True, blank=True, related_name="children")
    path = models.CharField(max_length=400, unique=True, editable=False)

    class Meta:
        ordering = ["path"]
        constraints = [
            models.UniqueConstraint(fields=["parent"], condition=Q(parent=None), name="one_root_unit"),
        ]
        indexes = [models.Index(fields=["path"], name="unit_path", opclasses=["varchar_pattern_ops"])]

    def __str__(self) -> str:
        return self.name

    def covers(self, other: Unit) -> bool:
        """Whether the other unit is this one or below it."""
        return other.path.startswith(self.path)


class User(AbstractBaseUser):
    """A person. Never deleted: deactivated and, on request, pseudonymised."""

    username = models.CharField(max_length=80, unique=True)
    name = models.CharField(max_length=120)
    email = models.EmailField(blank=True)
    is_active = models.BooleanField(default=True)
    theme = models.CharField(max_length=10, default="system")
    density = models.CharField(max_length=12, default="comfortable")
    language = models.CharField(max_length=10, blank=True)
    home = models.CharField(max_length=20, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    erased_at = models.DateTimeField(null=True, blank=True, editable=False)

    USERNAME_FIELD = "username"
    EMAIL_FIELD = "email"
    REQUIRED_FIELDS = ["name"]
    is_staff = False
    is_superuser = False
    first_name = last_name = ""

    objects = UserManager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["email"], condition=~Q(email=""), name="one_person_per_address"),
            models.CheckConstraint(
                condition=Q(erased_at=None) | Q(is_active=False, email=""), name="erased_means_gone"
            ),
        ]

    token: ApiToken | None = None
    """The token this request came with; it narrows what the person may do."""

    def __str__(self) -> str:
        return self.short_name

    @property
    def short_name(self) -> str:
        """Initial and family name, e.g. K. Lin; the no-break space keeps it on one line."""
        first, _, rest = self.name.partition(" ")
        return f"{first[:1]}.\u00a0{rest}" if rest else self.name

    @property
    def initials(self) -> str:
        return "".join(word[:1] for word in self.name.split()[:2]).upper()

    def get_full_name(self) -> str:
        return self.name

    def get_short_name(self) -> str:
        return self.short_name

    def has_perm(self, perm: str, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        """Django's permissions are not used; ``portal.rights.may`` answers."""
        return False

    def has_perms(self, perms: Any, obj: Any = None) -> bool:  # noqa: ARG002 - Django's signature
        return False

    def has_module_perms(self, app_label: str) -> bool:  # noqa: ARG002 - Django's signature
        return False

    @cached_property
    def current_memberships(self) -> list[Membership]:
        """The memberships that hold now, with their units."""
        return MEMBERSHIPS(user=self.pk, now=timezone.now())

    @property
    def membership_words(self) -> str:
        """The roles and units of the loaded memberships, in words."""
        held = [m for m in self.memberships.all() if m.ended_at is None]
        return ", ".join(f"{Role(m.role).name.capitalize()} in {m.unit}" for m in held)

    @property
    def roles(self) -> frozenset[Role]:
        return frozenset(Role(membership.role) for membership in self.current_memberships)

    def places(self, action: str) -> list[str]:
        """The paths of the units in whose subtree this person may do the action.

        A token narrows them to its own unit and to its scopes.
        """
        roles = matrix()[action]
        paths = [m.unit.path for m in self.current_memberships if Role(m.role) in roles]
        if self.token is None:
            return paths
        if not self.token.allows(action):
            return []
        mine = self.token.unit.path
        return [mine if mine.startswith(p) else p for p in paths if mine.startswith(p) or p.startswith(mine)]


class MembershipQuerySet(models.QuerySet["Membership"]):
    def in_force(self, at: datetime | Given | None = None) -> MembershipQuerySet:
        at = at or timezone.now()
        return self.filter(Q(ended_at=None) | Q(ended_at__gt=at), started_at__lte=at)


class Membership(models.Model):
    """A person holds a role in a unit and everything below it."""

    user = models.ForeignKey(User, models.PROTECT, related_name="memberships")
    role = models.CharField(max_length=20, choices=ROLES)
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="memberships")
    started_at = models.DateTimeField(default=timezone.now)
    ended_at = models.DateTimeField(null=True, blank=True)

    objects = MembershipQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["user", "role", "unit"], condition=Q(ended_at=None), name="one_membership_at_a_time"
            ),
            models.CheckConstraint(
                condition=Q(ended_at=None) | Q(ended_at__gte=F("started_at")),
                name="membership_ends_after_start",
            ),
            models.CheckConstraint(
                condition=Q(role__in=[r.value for r in Role]), name="membership_role_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user} is {self.role} in {self.unit}"

    @property
    def audit_label(self) -> str:
        """The seat, without who holds it."""
        return f"{Role(self.role).name.capitalize()} in {self.unit}"


MEMBERSHIPS = Prepared(
    lambda: Membership.objects.in_force(Given("now")).filter(user=Given("user")).select_related("unit")
)

SCOPES = {
    "read": "Read what its owner may read",
    "register": "Register models and versions with inputs and references, set aliases, ask for releases",
    "predictions": "Send predictions, outcomes and attributes",
    "lineage": "Send lineage events",
    "costs": "Send bills and emissions",
    "decide": "Ask decision policies for a route",
    "govern": "Vote, acknowledge findings, change policies",
}
"""What a token may be for; an action names its scope in ``SCOPE_OF``."""

SCOPE_OF = {
    "registry.register": "register",
    "registry.promote": "register",
    "data.declare": "register",
    "monitoring.freeze": "register",
    "monitoring.ingest": "predictions",
    "monitoring.ingest_attributes": "predictions",
    "lineage.send": "lineage",
    "costs.import": "costs",
    "ethics.evaluate": "decide",
}
"""Scopes of actions that change something; an action ending in ``.read`` needs "read", others "govern"."""


class ApiToken(models.Model):
    """A program's key. Only its digest is stored; the key is shown once."""

    user = models.ForeignKey(User, models.PROTECT, related_name="tokens")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="tokens")
    name = models.CharField(max_length=80)
    prefix = models.CharField(max_length=16)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    scopes = ArrayField(models.CharField(max_length=20))
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    last_used_at = models.DateTimeField(null=True, blank=True)
    revoked_at = models.DateTimeField(null=True, blank=True)

    audit_exclude = frozenset({"digest", "last_used_at"})

    class Meta:
        ordering = ["-created_at"]
        constraints = [
            models.CheckConstraint(condition=Q(expires_at__gt=F("created_at")), name="token_expires"),
        ]

    def __str__(self) -> str:
        return f"{self.name} ({self.prefix}…)"

    @property
    def usable(self) -> bool:
        return self.revoked_at is None and self.expires_at > timezone.now()

    def allows(self, action: str) -> bool:
        """Whether the token's scopes cover the action."""
        needed = SCOPE_OF.get(action, "read" if action.endswith(".read") else "govern")
        return needed in self.scopes


class Invitation(models.Model):
    """A one-time link with which a person without a password sets one. Only its digest is stored."""

    user = models.ForeignKey(User, models.CASCADE, related_name="invitations")
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    expires_at = models.DateTimeField()
    used_at = models.DateTimeField(null=True, blank=True)

    audit_exclude = frozenset({"digest"})

    def __str__(self) -> str:
        return f"invitation of {self.user}"
