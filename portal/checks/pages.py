"""Where a check shows what it found of a subject."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from django.db.models import Model
from django.urls import NoReverseMatch, reverse

from portal.areas import Check
from portal.registry.models import ModelVersion, RegisteredModel, System


def page_of(check: Check, subject: Model) -> str:
    """The address of the check's own page for a subject; empty for a check without one.

    Pages of versions take the model's name and the number, pages of models the name, pages of whatever has a
    reference the reference; a page that takes nothing shows every subject.
    """
    if not check.page:
        return ""
    for args in _arguments(subject):
        try:
            return reverse(check.page, args=args)
        except NoReverseMatch:
            continue
    return ""


def _arguments(subject: Model) -> Iterator[Sequence[str | int]]:
    """What a page may take of a subject, the most particular first."""
    match subject:
        case ModelVersion():
            yield subject.model.name, subject.number
            yield (subject.model.name,)
        case RegisteredModel():
            yield (subject.name,)
        case System():
            yield (subject.ref,)
        case _:
            ref = getattr(subject, "ref", None)
            yield (ref or subject.pk,)
    yield ()
