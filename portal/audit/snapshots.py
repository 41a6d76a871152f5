"""A row as the audit keeps it: its own columns, JSON-safe, without secrets, personal values marked."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from django.contrib.auth import get_user_model
from django.contrib.auth.base_user import AbstractBaseUser
from django.contrib.postgres.fields import RangeField
from django.db.models import BinaryField, Field, Model

from portal.audit.canonical import plain

SECRET = re.compile(r"(^|_)(password|secret|token|credential|api_key|private_key)s?($|_)")
"""Columns of these names are never copied, whatever their model says. Keys of other rows are no secrets."""


class Personal(str):
    """A text that speaks of a person: ``record`` keeps its digest in the entry and the text apart."""

    __slots__ = ()


def snapshot(obj: Model, fields: Iterable[str] | None = None) -> dict[str, Any]:
    """The concrete fields of a row by column name, or those named, as JSON-safe values.

    The model may say ``audit_exclude`` (names left out) and ``audit_personal`` (names whose values are
    marked as Personal). Costs no query; a deferred field is left out rather than fetched.
    """
    wanted = None if fields is None else set(fields)
    personal = personal_fields(obj)
    taken: dict[str, Any] = {}
    for field in obj._meta.concrete_fields:  # noqa: SLF001 - Django's documented API of models
        if not _kept(obj, field) or (wanted is not None and not wanted & {field.name, field.attname}):
            continue
        value = _plain(field, getattr(obj, field.attname))
        taken[field.attname] = Personal(value) if field.name in personal and value is not None else value
    return taken


def personal_fields(obj: Model) -> frozenset[str]:
    """The fields whose values speak of a person: those the model names, else what identifies a user."""
    named: frozenset[str] | None = getattr(obj, "audit_personal", None)
    if named is not None:
        return named
    if not isinstance(obj, AbstractBaseUser):
        return frozenset()
    return frozenset({get_user_model().USERNAME_FIELD, obj.get_email_field_name(), *obj.REQUIRED_FIELDS})


def _plain(field: Field[Any, Any], value: Any) -> Any:
    """A period looks the same whether it was read or is about to be written as a pair."""
    if isinstance(field, RangeField) and isinstance(value, (tuple, list)):
        value = field.range_type(*value)
    return plain(value)


def _kept(obj: Model, field: Field[Any, Any]) -> bool:
    excluded: frozenset[str] = getattr(obj, "audit_exclude", frozenset())
    return not (
        field.name in excluded
        or field.attname in obj.get_deferred_fields()
        or isinstance(field, BinaryField)
        or (field.remote_field is None and SECRET.search(field.name) is not None)
    )
