"""What is kept of a session: the pack it was decided on, its minutes; and the feeds of its days."""

from __future__ import annotations

from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal.accounts.models import User
from portal.bodies.models.bodies import Body
from portal.bodies.models.items import Item
from portal.bodies.models.sessions import Session


class Pack(models.Model):
    """What the members of a session had before them, frozen. Never changed."""

    session = models.OneToOneField(Session, models.PROTECT, related_name="pack")
    data = models.TextField(help_text="Canonical JSON")
    digest = models.CharField(max_length=64, help_text="SHA-256 of the data")
    frozen_by = models.ForeignKey(User, models.PROTECT, null=True, blank=True, related_name="+")
    frozen_at = models.DateTimeField(default=timezone.now)

    def __str__(self) -> str:
        return f"Pack of {self.session}"


class Minutes(models.Model):
    """One version of the minutes of a session. A correction is a later version; the last one counts."""

    session = models.ForeignKey(Session, models.PROTECT, related_name="minutes")
    number = models.PositiveSmallIntegerField()
    text = models.TextField()
    digest = models.CharField(max_length=64, help_text="SHA-256 of the text")
    written_by = models.ForeignKey(
        User, models.PROTECT, null=True, blank=True, related_name="+", help_text="Empty: from the record"
    )
    written_at = models.DateTimeField(default=timezone.now)
    reason = models.TextField(blank=True, help_text="What was changed, and why")
    approved_in = models.ForeignKey(Item, models.PROTECT, null=True, blank=True, related_name="+")
    approved_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        ordering = ["session", "number"]
        verbose_name_plural = "minutes"
        constraints = [
            models.UniqueConstraint(fields=["session", "number"], name="one_minutes_a_number"),
            models.CheckConstraint(condition=~Q(text=""), name="minutes_say_something"),
            models.CheckConstraint(
                condition=Q(approved_in=None, approved_at=None)
                | Q(approved_in__isnull=False, approved_at__isnull=False),
                name="approved_minutes_say_where",
            ),
        ]

    def __str__(self) -> str:
        return f"Minutes of {self.session}, version {self.number}"


class Feed(models.Model):
    """An address under which a calendar program reads days, without a password. Only its digest is stored."""

    person = models.ForeignKey(User, models.PROTECT, related_name="feeds")
    body = models.ForeignKey(
        Body,
        models.PROTECT,
        null=True,
        blank=True,
        related_name="feeds",
        help_text="Empty: all of the person's",
    )
    prefix = models.CharField(max_length=8)
    digest = models.CharField(max_length=64, unique=True, editable=False)
    created_at = models.DateTimeField(default=timezone.now)
    revoked_at = models.DateTimeField(null=True, blank=True)

    audit_exclude = frozenset({"digest"})

    class Meta:
        ordering = ["-created_at"]

    def __str__(self) -> str:
        return f"feed {self.prefix}… of {self.person}"
