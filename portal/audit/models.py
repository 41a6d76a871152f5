"""Entries and what proves them. The database stamps, fills and guards these tables: see migration 0002."""

from __future__ import annotations

import json
from functools import cached_property
from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.postgres.indexes import OpClass
from django.db import models
from django.db.models.functions import Upper
from django.urls import reverse

SYSTEM_MODEL = "registry.System"
"""A string, like the actor's: the row an entry is scoped by lives above this package."""


VERIFIED = "audit.verified"
"""The action under which a verification of the whole audit is recorded."""


class Effect(models.TextChoices):
    """What an entry says about its object's state."""

    NONE = "none", "Says nothing of the state"
    CHANGED = "changed", "Leaves the named fields as `after` has them"
    STATED = "stated", "Leaves the object as `after` has it"
    ENDED = "ended", "Ends the object"


EVERYTHING = ~models.Q(pk__in=())


def sees_everything(user: Any, action: str) -> bool:
    """Whether a person may do the action at the root: on all entries, those of no unit included."""
    return _units().filter(parent=None, path__in=user.places(action)).exists()


def _units() -> models.QuerySet[Any]:
    unit = apps.get_model(SYSTEM_MODEL)._meta.get_field("unit").related_model  # noqa: SLF001 - documented API
    found: models.QuerySet[Any] = unit.objects.order_by()
    return found


def _within(user: Any, *, systems: str, everything: str) -> models.Q:
    """Entries of the systems on which a person may do the one action, and of the units where the other."""
    if sees_everything(user, everything):
        return EVERYTHING
    visible = apps.get_model(SYSTEM_MODEL)._default_manager.visible_to(user, systems)  # noqa: SLF001 - documented
    scope = models.Q(system_id__in=visible.order_by().values("pk"))
    for path in user.places(everything):
        scope |= models.Q(unit_id__in=_units().filter(path__startswith=path).values("pk"))
    return scope


class EntryQuerySet(models.QuerySet["Entry"]):
    def visible_to(self, user: Any) -> EntryQuerySet:
        """The entries this person may see; ``in_full`` says whether with reason, facts, before and after."""
        seen = _within(user, systems="audit.read", everything="audit.all.read")
        full = _within(user, systems="audit.content.read", everything="audit.export.read")
        return self.filter(seen).annotate(
            in_full=models.Case(
                models.When(full, then=True), default=False, output_field=models.BooleanField()
            )
        )

    def exportable_by(self, user: Any) -> EntryQuerySet:
        """The entries this person may take away in full."""
        return self.filter(_within(user, systems="audit.export.read", everything="audit.export.read"))

    def about(self, obj: models.Model) -> EntryQuerySet:
        """What was done to this object; of a system, what was done to anything that belongs to it."""
        if obj._meta.label == SYSTEM_MODEL:  # noqa: SLF001 - Django's documented API of models
            return self.filter(system_id=obj.pk)
        return self.filter(object_type=obj._meta.label_lower, object_id=str(obj.pk))  # noqa: SLF001 - likewise


class Entry(models.Model):
    """Somebody did something to something, or was refused it. Written once, never changed.

    ``body`` is the content, as canonical JSON. The database derives every other column from it, stamps
    ``recorded_at`` with its own clock and hashes all three into ``leaf``, so no column can say otherwise.
    ``happened_at`` is when it took effect, which imports may set; it equals ``recorded_at`` by default.
    System and unit are plain numbers: an entry outlives what it speaks of.
    """

    recorded_at = models.DateTimeField()
    happened_at = models.DateTimeField()
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL, models.PROTECT, null=True, related_name="+", db_index=False
    )
    via = models.TextField()
    action = models.TextField()
    denied = models.BooleanField()
    object_type = models.TextField(blank=True)
    object_id = models.TextField(blank=True)
    label = models.TextField(blank=True)
    system_id = models.BigIntegerField(null=True)
    unit_id = models.BigIntegerField(null=True)
    effect = models.TextField(choices=Effect.choices)
    reason = models.TextField(blank=True)
    request_id = models.TextField(blank=True)
    body = models.TextField()
    leaf = models.BinaryField(max_length=32)

    objects = EntryQuerySet.as_manager()
    position: Position

    class Meta:
        ordering = ["-happened_at", "-id"]
        default_permissions = ()
        verbose_name_plural = "entries"
        indexes = [
            models.Index(fields=["-happened_at", "-id"], name="audit_by_time"),
            models.Index(fields=["system_id", "-happened_at", "-id"], name="audit_by_system"),
            models.Index(fields=["actor", "-happened_at", "-id"], name="audit_by_actor"),
            models.Index(
                fields=["action", "-happened_at", "-id"],
                name="audit_by_action",
                opclasses=["text_pattern_ops", "timestamptz_ops", "int8_ops"],
            ),
            models.Index(fields=["request_id"], name="audit_by_request", condition=~models.Q(request_id="")),
            models.Index(
                OpClass(Upper("label"), name="text_pattern_ops"),
                name="audit_by_label",
                condition=~models.Q(label=""),
            ),
            models.Index(
                fields=["object_type", "object_id", "-happened_at", "-id"],
                include=["effect"],
                name="audit_by_object",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.action} {self.object_type} {self.label or self.object_id}".strip()

    def get_absolute_url(self) -> str:
        return reverse("audit:entry", args=[self.pk])

    @cached_property
    def told(self) -> dict[str, Any]:
        """The body as a dictionary."""
        parsed: dict[str, Any] = json.loads(self.body)
        return parsed


class PersonalValue(models.Model):
    """A value that speaks of a person. The entry holds only its digest, so it can be erased for good."""

    digest = models.CharField(max_length=64, primary_key=True)
    entry = models.ForeignKey(Entry, models.PROTECT, related_name="personal_values")
    person_id = models.BigIntegerField(null=True, db_index=True)
    salt = models.CharField(max_length=32)
    value = models.TextField()

    class Meta:
        default_permissions = ()

    def __str__(self) -> str:
        return self.value


class Pending(models.Model):
    """The number of an entry that no seal covers yet. Written by the database together with the entry."""

    entry_id = models.BigIntegerField(primary_key=True)

    class Meta:
        default_permissions = ()
        verbose_name_plural = "pending"

    def __str__(self) -> str:
        return f"entry {self.entry_id} waits for a seal"


class SealKey(models.Model):
    """A public key (Ed25519) with which seals are signed from ``first_seal`` on.

    Each key but the first is endorsed by the key before it; a lost key leaves a successor without
    endorsement and a reason why.
    """

    key_id = models.CharField(max_length=16, primary_key=True)
    public = models.CharField(max_length=64)
    first_seal = models.BigIntegerField(unique=True)
    endorsement = models.CharField(max_length=128, blank=True)
    reason = models.TextField(blank=True)

    class Meta:
        ordering = ["first_seal"]
        default_permissions = ()

    def __str__(self) -> str:
        return self.key_id


class Seal(models.Model):
    """A signed root over a batch of entries, chained to the seal before it. Digests are hexadecimal."""

    number = models.BigIntegerField(primary_key=True)
    sealed_at = models.DateTimeField()
    size = models.PositiveIntegerField(help_text="Entries in this batch")
    root = models.CharField(max_length=64)
    previous = models.CharField(max_length=64)
    digest = models.CharField(max_length=64)
    key = models.ForeignKey(SealKey, models.PROTECT, related_name="seals")
    signature = models.CharField(max_length=128)

    class Meta:
        ordering = ["-number"]
        default_permissions = ()
        constraints = [
            models.CheckConstraint(
                condition=models.Q(number__gte=1, size__gte=1), name="seal_covers_something"
            )
        ]

    def __str__(self) -> str:
        return f"seal {self.number}"


class Position(models.Model):
    """Where an entry stands in the tree of its seal, counted from 0."""

    entry = models.OneToOneField(Entry, models.PROTECT, primary_key=True, related_name="position")
    seal = models.ForeignKey(Seal, models.PROTECT, related_name="positions", db_index=False)
    index = models.PositiveIntegerField()

    class Meta:
        default_permissions = ()
        constraints = [models.UniqueConstraint(fields=["seal", "index"], name="one_entry_per_position")]

    def __str__(self) -> str:
        return f"entry {self.entry_id} at {self.index} of seal {self.seal_id}"
