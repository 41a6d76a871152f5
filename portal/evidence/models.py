"""Stored bytes, what they prove, and the holds on them; triggers of migration 0002 guard them."""

from __future__ import annotations

from datetime import date

from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Exists, F, OuterRef, Q
from django.urls import reverse
from django.utils import timezone

from portal.accounts.models import Unit, User
from portal.registry.models import System


class Blob(models.Model):
    """Bytes stored under their digest. The row outlives the bytes: it proves that they were here."""

    sha256 = models.CharField(max_length=64, primary_key=True)
    size = models.BigIntegerField(help_text="Bytes")
    stored_at = models.DateTimeField(default=timezone.now)
    removed_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.CheckConstraint(
                condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="blob_digest_is_sha256"
            ),
            models.CheckConstraint(condition=Q(size__gte=0), name="blob_size_counts"),
        ]

    def __str__(self) -> str:
        return f"sha256:{self.sha256}"

    @property
    def key(self) -> str:
        """Where the bytes lie below the storage root: made from the digest, never from what a client sent."""
        return f"evidence/{self.sha256[:2]}/{self.sha256}"


class Kind(models.TextChoices):
    """Whether the portal made it or somebody brought it."""

    COMPUTED = "computed", "Computed"
    UPLOADED = "uploaded", "Uploaded"


def scope_of(user: User, action: str) -> Q:
    """Rows on systems on which this person may do the action, and in their units where there is no system."""
    scope = Q(system__in=System.objects.visible_to(user, action))
    for path in user.places(action):
        scope |= Q(system=None, unit__path__startswith=path)
    return scope


class EvidenceQuerySet(models.QuerySet["Evidence"]):
    def visible_to(self, user: User, action: str = "evidence.read") -> EvidenceQuerySet:
        """What stands on systems this person may see, and on their units where there is no system.

        Private evidence is seen here by who added it; others reach it through what it is about.
        """
        return self.filter(Q(scope_of(user, action), private=False) | Q(private=True, added_by=user))

    def valid_on(self, day: date) -> EvidenceQuerySet:
        return self.filter(
            Q(valid_from=None) | Q(valid_from__lte=day), Q(valid_until=None) | Q(valid_until__gte=day)
        )


class Evidence(models.Model):
    """A file and the claim it proves about a system and, where one is named, about exactly one row."""

    title = models.CharField(max_length=200)
    claim = models.TextField(blank=True, help_text="What it proves")
    kind = models.CharField(max_length=10, choices=Kind.choices)
    system = models.ForeignKey(System, models.PROTECT, null=True, blank=True, related_name="evidence")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="evidence")
    subject_type = models.ForeignKey(ContentType, models.PROTECT, null=True, blank=True, related_name="+")
    subject_id = models.BigIntegerField(null=True, blank=True)
    subject = GenericForeignKey("subject_type", "subject_id")
    blob = models.ForeignKey(Blob, models.PROTECT, related_name="evidence")
    filename = models.CharField(max_length=200, help_text="As the sender called it; never a path")
    media_type = models.CharField(max_length=100)
    private = models.BooleanField(default=False, help_text="Read only through what it is about")
    valid_from = models.DateField(null=True, blank=True)
    valid_until = models.DateField(null=True, blank=True)
    added_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    added_at = models.DateTimeField(default=timezone.now)

    objects = EvidenceQuerySet.as_manager()

    class Meta:
        ordering = ["-added_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                condition=Q(valid_from=None) | Q(valid_until=None) | Q(valid_until__gte=F("valid_from")),
                name="evidence_ends_after_start",
            ),
            models.CheckConstraint(
                condition=Q(subject_type=None, subject_id=None)
                | Q(subject_type__isnull=False, subject_id__isnull=False),
                name="evidence_subject_whole",
            ),
        ]
        indexes = [
            models.Index(fields=["subject_type", "subject_id"], name="evidence_subject"),
            models.Index(fields=["valid_until"], name="evidence_valid_until"),
        ]

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("evidence:item", args=[self.ref])

    @property
    def ref(self) -> str:
        return f"EV-{self.pk}"

    @property
    def audit_system_id(self) -> int | None:
        return self.system_id


class EvidenceLink(models.Model):
    """The same evidence also proves something about another row."""

    evidence = models.ForeignKey(Evidence, models.CASCADE, related_name="links")
    subject_type = models.ForeignKey(ContentType, models.PROTECT, related_name="+")
    subject_id = models.BigIntegerField()
    subject = GenericForeignKey("subject_type", "subject_id")
    claim = models.TextField(blank=True)
    linked_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    linked_at = models.DateTimeField(default=timezone.now)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["evidence", "subject_type", "subject_id"], name="one_link_per_evidence_and_row"
            ),
        ]
        indexes = [models.Index(fields=["subject_type", "subject_id"], name="evidence_link_subject")]

    def __str__(self) -> str:
        return f"{self.evidence} on {self.subject}"

    @property
    def audit_system_id(self) -> int | None:
        return self.evidence.system_id


class HoldQuerySet(models.QuerySet["LegalHold"]):
    def visible_to(self, user: User, action: str = "evidence.read") -> HoldQuerySet:
        """Those that name something this person may see: it cannot be deleted, and the hold says why."""
        return self.filter(Exists(HeldItem.objects.visible_to(user, action).filter(hold=OuterRef("pk"))))

    def wholly_visible_to(self, user: User, action: str) -> HoldQuerySet:
        """Those that name nothing outside of what this person may see."""
        seen = HeldItem.objects.visible_to(user, action).values("pk")
        beyond = HeldItem.objects.filter(hold=OuterRef("pk")).exclude(pk__in=seen)
        return self.visible_to(user, action).exclude(Exists(beyond))

    def in_force(self) -> HoldQuerySet:
        return self.filter(released_at=None)


class LegalHold(models.Model):
    """Nothing it names is deleted until somebody else than its author releases it."""

    matter = models.CharField(max_length=200, help_text="The dispute or inquiry it serves")
    reason = models.TextField()
    placed_by = models.ForeignKey(User, models.PROTECT, related_name="+")
    placed_at = models.DateTimeField(default=timezone.now)
    released_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    released_at = models.DateTimeField(null=True, blank=True)
    release_reason = models.TextField(blank=True)

    objects = HoldQuerySet.as_manager()

    class Meta:
        ordering = ["-placed_at"]
        constraints = [
            models.CheckConstraint(condition=~Q(placed_by=F("released_by")), name="hold_released_by_another"),
            models.CheckConstraint(
                condition=Q(released_by=None, released_at=None)
                | Q(released_by__isnull=False, released_at__gte=F("placed_at")),
                name="hold_release_whole",
            ),
        ]

    def __str__(self) -> str:
        return self.matter

    def get_absolute_url(self) -> str:
        return reverse("evidence:hold", args=[self.pk])

    @property
    def state(self) -> str:
        return "in_force" if self.released_at is None else "released"


class HeldItemQuerySet(models.QuerySet["HeldItem"]):
    def visible_to(self, user: User, action: str = "evidence.read") -> HeldItemQuerySet:
        return self.filter(scope_of(user, action))


class HeldItem(models.Model):
    """One row under a hold, of whatever table; a held system holds every piece of evidence on it."""

    hold = models.ForeignKey(LegalHold, models.PROTECT, related_name="items")
    system = models.ForeignKey(System, models.PROTECT, null=True, blank=True, related_name="+")
    unit = models.ForeignKey(Unit, models.PROTECT, related_name="+")
    subject_type = models.ForeignKey(ContentType, models.PROTECT, related_name="+")
    subject_id = models.BigIntegerField()
    subject = GenericForeignKey("subject_type", "subject_id")
    label = models.CharField(max_length=200, help_text="What it was called when the hold was placed")

    objects = HeldItemQuerySet.as_manager()

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["hold", "subject_type", "subject_id"], name="one_item_per_hold"),
        ]
        indexes = [models.Index(fields=["subject_type", "subject_id"], name="held_item")]

    def __str__(self) -> str:
        return self.label
