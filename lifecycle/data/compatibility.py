"""What a change of schema breaks: rows that were taken until now and would be refused from then on."""

from __future__ import annotations

from collections.abc import Iterator

from lifecycle.data.schema import FeatureField, FeatureRole, FeatureType, VersionSchema
from portal.errors import Problem

TEXTS = frozenset({FeatureType.CATEGORY, FeatureType.STRING})


def breaking_changes(old: VersionSchema, new: VersionSchema) -> list[Problem]:
    """Each column that would refuse, or store elsewhere, what it took before; empty for a compatible schema.

    Columns may be added if they may be missing, and limits may widen.
    """
    problems = list(_of_outcome(old, new))
    before = {field.name: field for field in old.features}
    after = {field.name: field for field in new.features}
    for name, field in before.items():
        reasons = _of_column(field, after[name]) if name in after else ["is no longer declared"]
        problems += [Problem(f"/features/{name}", reason) for reason in reasons]
    problems += [
        Problem(f"/features/{name}", "is new, but must have a value")
        for name, field in after.items()
        if name not in before and field.role == FeatureRole.FEATURE and not field.nullable
    ]
    return problems


def _of_outcome(old: VersionSchema, new: VersionSchema) -> Iterator[Problem]:
    if old.task != new.task:
        yield Problem("/task", f"was {old.task}")
    if old.positive != new.positive:
        yield Problem("/positive", f"was {old.positive!r}")


def _of_column(old: FeatureField, new: FeatureField) -> Iterator[str]:
    if not _takes(new.type, old.type):
        yield f"was a {old.type} and becomes a {new.type}"
    if (old.role == FeatureRole.FEATURE) != (new.role == FeatureRole.FEATURE):
        yield f"was stored as {old.role} and becomes {new.role}"
    if old.nullable and not new.nullable:
        yield "must have a value, but could be missing"
    if new.minimum is not None and (old.minimum is None or old.minimum < new.minimum):
        yield f"may no longer be below {new.minimum:g}"
    if new.maximum is not None and (old.maximum is None or old.maximum > new.maximum):
        yield f"may no longer be above {new.maximum:g}"
    if new.categories is not None and not set(old.categories or ()) <= set(new.categories):
        yield "loses categories"
    elif new.categories is not None and old.categories is None:
        yield "takes only some texts, but took any"


def _takes(new: FeatureType, old: FeatureType) -> bool:
    """Whether a column of the new type takes every value of the old one."""
    return new == old or {new, old} <= TEXTS or (new, old) == (FeatureType.NUMBER, FeatureType.INTEGER)
