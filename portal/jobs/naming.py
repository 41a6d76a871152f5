"""How people and programs name what a run is about: its subject and its window."""

from __future__ import annotations

from datetime import UTC, date, datetime, time

from django.apps import apps
from django.db.models import Model
from django.utils.dateparse import parse_date, parse_datetime

from portal.areas import Window
from portal.errors import Invalid, Missing, Problem
from portal.registry.models import ModelVersion, RegisteredModel, System

LONGEST_NUMBER = 18
"""Digits of a row's number: below the largest of PostgreSQL's bigint."""


def name_of(subject: Model | None) -> str:
    """The name of a subject: SYS-12, churn, churn/3, or app.model:7 for anything else; empty for none."""
    match subject:
        case None:
            return ""
        case System():
            return subject.ref
        case RegisteredModel():
            return subject.name
        case ModelVersion():
            return f"{subject.model.name}/{subject.number}"
        case _:
            return f"{subject._meta.label_lower}:{subject.pk}"  # noqa: SLF001 - Django's documented API of models


def subject_named(name: str) -> Model | None:
    """The row of that name, whoever may see it; None for an empty name. Raises Missing for any other."""
    if not name:
        return None
    found = _find(name)
    if found is None:
        raise missing_subject(name)
    return found


def missing_subject(name: str) -> Missing:
    """The answer for a subject that is not there, and for one that is not to be seen."""
    return Missing(
        f"There is no {name[:80]!r}. A system is named SYS-12, a model churn, its version churn/3, "
        "any other row app.model:7."
    )


def _find(name: str) -> Model | None:
    if ":" in name:
        label, _, key = name.partition(":")
        return _row(label, key)
    if "/" in name:
        model, _, number = name.rpartition("/")
        versions = ModelVersion.objects.live().select_related("model")
        return versions.filter(model__name=model, number=_number(number)).first()
    if name.startswith("SYS-") and name[4:].isdecimal():
        return System.objects.filter(pk=_number(name[4:])).first()
    return RegisteredModel.objects.filter(name=name).first()


def _row(label: str, key: str) -> Model | None:
    try:
        model = apps.get_model(label)
    except (LookupError, ValueError):
        return None
    found: Model | None = model._default_manager.filter(pk=_number(key)).first()  # noqa: SLF001 - Django's documented API
    return found


def _number(text: str) -> int:
    """The number of a row, or one that no row has."""
    sane = text.isascii() and text.isdecimal() and len(text) <= LONGEST_NUMBER
    return int(text) if sane else -1


def window_named(text: str) -> Window | None:
    """The window START/END in ISO 8601, days or instants with their zone; None for an empty text.

    A day stands for its first instant in UTC. Raises Invalid for anything else.
    """
    if not text:
        return None
    start, slash, end = text.partition("/")
    try:
        return Window(_instant(start), _instant(end)) if slash else _no_window("has the form START/END")
    except ValueError as reason:
        return _no_window(str(reason))


def _no_window(why: str) -> Window:
    raise Invalid(f"The window is not valid: {why}.", errors=[Problem("/window", why)])


def _instant(text: str) -> datetime:
    text = text.strip()
    moment: datetime | date | None = parse_datetime(text) if len(text) > 10 else parse_date(text)
    if moment is None:
        raise ValueError(f"{text[:40]!r} is neither a day nor an instant")
    if not isinstance(moment, datetime):
        return datetime.combine(moment, time.min, UTC)
    return moment.astimezone(UTC) if moment.tzinfo else moment
