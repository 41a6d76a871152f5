"""What machines measured: one series per metric, subject and label, one sample per window and revision."""

from __future__ import annotations

from datetime import datetime

from django.contrib.contenttypes.fields import GenericForeignKey
from django.contrib.contenttypes.models import ContentType
from django.db import models
from django.db.models import F, Q
from django.utils import timezone

from portal.accounts.models import User
from portal.areas import Window
from portal.jobs.models import Run
from portal.registry.models import System


class SeriesQuerySet(models.QuerySet["Series"]):
    def visible_to(self, user: User, action: str = "metrics.read") -> SeriesQuerySet:
        """Those of systems this person may read, and those that belong to no system."""
        return self.filter(Q(system=None) | Q(system__in=System.objects.visible_to(user, action)))

    def of(self, subject: models.Model) -> SeriesQuerySet:
        return self.filter(subject_type=ContentType.objects.get_for_model(subject), subject_id=subject.pk)


class Series(models.Model):
    """What a row of samples measures: a metric of one subject, for the whole or for one labelled part.

    ``feature``, ``group`` and ``segment`` are empty for the whole; a group reads ``race=B;sex=F``, its
    attributes in alphabetical order, a segment ``region=north``.
    """

    metric = models.SlugField(max_length=60)
    system = models.ForeignKey(System, models.PROTECT, null=True, related_name="series")
    subject_type = models.ForeignKey(ContentType, models.PROTECT, related_name="+")
    subject_id = models.BigIntegerField()
    subject = GenericForeignKey("subject_type", "subject_id")
    feature = models.CharField(max_length=250, blank=True)
    group = models.CharField(max_length=250, blank=True)
    segment = models.CharField(max_length=250, blank=True)

    objects = SeriesQuerySet.as_manager()

    class Meta:
        verbose_name_plural = "series"
        constraints = [
            models.UniqueConstraint(
                fields=["subject_type", "subject_id", "metric", "feature", "group", "segment"],
                name="one_series_per_label",
            ),
        ]
        indexes = [models.Index(fields=["system", "metric"], name="series_of_system")]

    def __str__(self) -> str:
        return " ".join(filter(None, [self.metric, self.feature, self.group, self.segment]))

    @property
    def label(self) -> str:
        """The part it measures, empty for the whole."""
        return ", ".join(filter(None, [self.feature, self.group, self.segment]))


class SampleQuerySet(models.QuerySet["Sample"]):
    def current(self) -> SampleQuerySet:
        """The newest revision of each window."""
        return self.filter(current=True)

    def between(self, since: datetime | None, until: datetime | None) -> SampleQuerySet:
        """Those whose window lies inside ``[since, until)``; None is open."""
        found = self
        if since is not None:
            found = found.filter(window_start__gte=since)
        if until is not None:
            found = found.filter(window_end__lte=until)
        return found


class Sample(models.Model):
    """One value of a series for one window. A later revision supersedes it, and both are kept.

    ``value`` is None where it is undefined, and ``reason`` then says why. ``low`` and ``high`` bound the
    95 % interval; without them the value is an exact count, or nobody stated an interval.
    """

    series = models.ForeignKey(Series, models.CASCADE, related_name="samples")
    window_start = models.DateTimeField()
    window_end = models.DateTimeField()
    revision = models.PositiveIntegerField(default=1)
    current = models.BooleanField(default=True)
    value = models.FloatField(null=True)
    low = models.FloatField(null=True)
    high = models.FloatField(null=True)
    n = models.BigIntegerField(null=True)
    reason = models.CharField(max_length=200, blank=True)
    run = models.ForeignKey(Run, models.SET_NULL, null=True, related_name="samples")
    recorded_at = models.DateTimeField(default=timezone.now)

    objects = SampleQuerySet.as_manager()

    class Meta:
        ordering = ["window_start"]
        constraints = [
            models.UniqueConstraint(
                fields=["series", "window_start", "window_end", "revision"],
                name="one_sample_per_revision",
            ),
            models.UniqueConstraint(
                fields=["series", "window_start", "window_end"],
                condition=Q(current=True),
                name="one_current_sample_per_window",
            ),
            models.CheckConstraint(condition=Q(window_end__gt=F("window_start")), name="sample_window"),
            models.CheckConstraint(
                condition=Q(value__isnull=False) | ~Q(reason=""), name="no_value_has_a_reason"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.series} {self.window}"

    @property
    def window(self) -> Window:
        return Window(self.window_start, self.window_end)
