"""Where a check shows what it found of a subject."""

from __future__ import annotations

from django.db.models import Model
from django.urls import NoReverseMatch, reverse

from portal.areas import Check
from portal.registry.models import ModelVersion, RegisteredModel, System


def page_of(check: Check, subject: Model) -> str:
    """The address of the check's own page for a subject; empty for a check without one.

    Pages of versions take the model's name and the number, pages of models the name, pages of systems their
    reference, others nothing.
    """
    if not check.page:
        return ""
    for args in (_named(subject), []):
        try:
            return reverse(check.page, args=args)
        except NoReverseMatch:
            continue
    return ""


def _named(subject: Model) -> list[str | int]:
    match subject:
        case ModelVersion():
            return [subject.model.name, subject.number]
        case RegisteredModel():
            return [subject.name]
        case System():
            return [subject.ref]
    return [str(subject.pk)]
