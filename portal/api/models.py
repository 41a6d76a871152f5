"""The two tables the API keeps for itself: answers already given, and requests already counted."""

from __future__ import annotations

from django.db import models
from django.db.models import Q


class IdempotencyKey(models.Model):
    """A POST that is running or was answered, by the name its caller gave it.

    Claimed in a transaction of its own before the work, answered in that of the work. A row without an
    answer whose lease is over belongs to a process that died, and may be claimed again.
    """

    principal = models.CharField(max_length=64)
    key = models.CharField(max_length=255)
    fence = models.UUIDField(help_text="Who holds the claim")
    claimed_at = models.DateTimeField()
    lease_until = models.DateTimeField()
    answered_at = models.DateTimeField(null=True)
    digest = models.CharField(max_length=64, blank=True, help_text="Of method, address and body")
    status = models.PositiveSmallIntegerField(null=True)
    headers = models.JSONField(default=dict)
    body = models.BinaryField(default=b"", help_text="Encrypted: it may show a secret once")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["principal", "key"], name="one_request_per_key"),
            models.CheckConstraint(
                condition=Q(answered_at=None, status=None) | Q(answered_at__isnull=False, status__gte=200),
                name="answered_with_a_status",
            ),
        ]
        indexes = [models.Index(fields=["claimed_at"], name="idempotency_age")]

    def __str__(self) -> str:
        return f"{self.key} of {self.principal}"


class RateCounter(models.Model):
    """Requests of one caller in the present period. Unlogged: quick to write, and forgotten in a crash."""

    subject = models.CharField(max_length=64, primary_key=True)
    used = models.BigIntegerField()
    ends_at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.subject}: {self.used}"
