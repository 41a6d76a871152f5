"""What each person is told, and how they want to be told."""

from __future__ import annotations

from datetime import datetime

from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import Q
from django.utils import timezone

from portal.accounts.models import User
from portal.areas import Severity
from portal.findings.models.findings import SEVERITIES
from portal.registry.models import System


class NotificationQuerySet(models.QuerySet["Notification"]):
    def of(self, subject: models.Model) -> NotificationQuerySet:
        return self.filter(subject_type=ContentType.objects.get_for_model(subject), subject_id=subject.pk)

    def unsettled(self) -> NotificationQuerySet:
        return self.filter(done_at=None)

    def needing(self, user: User, at: datetime | None = None) -> NotificationQuerySet:
        """What this person has to act on now: not done, not snoozed."""
        return self.unsettled().filter(
            Q(snoozed_until=None) | Q(snoozed_until__lte=at or timezone.now()), user=user, needs_action=True
        )


class Notification(models.Model):
    """A line of somebody's inbox. ``needs_action`` asks for an act; else it is only watched.

    Per person and subject there is one unsettled line; news about the subject renews it.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="notifications")
    kind = models.SlugField(max_length=60)
    title = models.CharField(max_length=300)
    url = models.CharField(max_length=500)
    system = models.ForeignKey(System, models.CASCADE, null=True, blank=True, related_name="+")
    subject_type = models.ForeignKey(ContentType, models.CASCADE, related_name="+")
    subject_id = models.BigIntegerField()
    subject = GenericForeignKey("subject_type", "subject_id")
    needs_action = models.BooleanField(default=True)
    due_on = models.DateField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)
    snoozed_until = models.DateTimeField(null=True, blank=True)
    done_at = models.DateTimeField(null=True, blank=True)
    digest = models.BooleanField(default=True, help_text="Waits for the daily digest")

    objects = NotificationQuerySet.as_manager()

    class Meta:
        ordering = ["due_on", "-created_at"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "subject_type", "subject_id"],
                condition=Q(done_at=None),
                name="one_unsettled_notification",
            ),
        ]
        indexes = [
            models.Index(fields=["user", "done_at"], name="notifications_of_user"),
            models.Index(fields=["subject_type", "subject_id"], name="notifications_of_subject"),
        ]

    def __str__(self) -> str:
        return self.title


class Channel(models.TextChoices):
    """How a person is told of a finding. The inbox is always told, unless it is muted."""

    INBOX = "inbox", "Inbox only"
    DIGEST = "digest", "Inbox and the daily digest"
    MAIL = "mail", "Inbox and a mail at once"
    MUTED = "muted", "Not at all, until a day"


class AlertRoute(models.Model):
    """What one person wants to hear of: findings of a kind, of a system, from a severity on.

    An empty kind is any kind, no system is every system they may read. A muted route ends by itself.
    """

    user = models.ForeignKey(User, models.CASCADE, related_name="alert_routes")
    kind = models.SlugField(max_length=60, blank=True)
    system = models.ForeignKey(System, models.CASCADE, null=True, blank=True, related_name="+")
    severity = models.CharField(max_length=10, choices=SEVERITIES, default=Severity.LOW.value)
    channel = models.CharField(max_length=8, choices=Channel.choices, default=Channel.DIGEST)
    muted_until = models.DateTimeField(null=True, blank=True)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["kind", "pk"]
        constraints = [
            models.UniqueConstraint(
                fields=["user", "kind", "system"], nulls_distinct=False, name="one_alert_route_per_target"
            ),
            models.CheckConstraint(
                condition=Q(channel=Channel.MUTED, muted_until__isnull=False)
                | (~Q(channel=Channel.MUTED) & Q(muted_until=None)),
                name="only_a_muted_route_ends",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.user}: {self.kind or 'any finding'} of {self.system or 'any system'}"


class SavedView(models.Model):
    """A list as somebody filtered and sorted it: a name for a query string, kept or shared."""

    page = models.CharField(max_length=100)
    name = models.CharField(max_length=80)
    query = models.CharField(max_length=2000)
    owner = models.ForeignKey(User, models.CASCADE, related_name="saved_views")
    shared = models.BooleanField(default=False)
    created_at = models.DateTimeField(default=timezone.now)

    class Meta:
        ordering = ["name"]
        constraints = [
            models.UniqueConstraint(fields=["page", "owner", "name"], name="one_saved_view_per_name"),
        ]

    def __str__(self) -> str:
        return self.name
