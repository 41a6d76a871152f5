"""A condition of a decision becomes a case with an owner and a day; the body judges whether it is met."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.contrib.contenttypes.models import ContentType
from django.db.models import QuerySet

from portal.areas import ABSTAIN, CaseKind, Choice, Role, Stance
from portal.bodies.models import Body, Item, ItemCondition
from portal.cases.models import Case
from portal.cases.services import open_case


def promised(condition: ItemCondition) -> Mapping[str, Any]:
    """What is to be done, and whence it comes."""
    item = condition.item
    return {
        "to_do": condition.text,
        "owner": condition.owner.name,
        "by": condition.due_on,
        "body": condition.body_name,
        "session": item.session.title,
        "item": str(item),
    }


ACTION = CaseKind(
    slug="session-action",
    title="Action",
    prefix="ACT",
    roles=frozenset({Role.COMMITTEE}),
    quorum=1,
    days=30,
    snapshot=promised,
    votes="cases.vote",
    choices=(
        Choice("done", "Done", Stance.FOR, "done"),
        Choice("not_done", "Not done", Stance.AGAINST, "not_done"),
        ABSTAIN,
    ),
)


def follow_up(item: Item, at: datetime) -> list[Case]:
    """Open a case for each condition of a decided item."""
    made = []
    for condition in item.conditions.select_related("owner", "item__session__body__unit", "item__system"):
        body = condition.item.session.body
        case = open_case(
            ACTION,
            condition,
            actor=None,
            system=item.system,
            unit=body.unit,
            title=condition.text[:200],
            reason=f"Condition of item {item} in {item.session.ref}, {item.session.title}",
            owner=condition.owner,
            roles=frozenset({Role(body.role)}) if body.role else None,
            due_on=condition.due_on,
            at=at,
        )
        condition.follow_up = case
        condition.save(update_fields=["follow_up"])
        made.append(case)
    return made


def actions_of(body: Body) -> QuerySet[Case]:
    """The cases that followed from the body's conditions, by day."""
    mine = ItemCondition.objects.filter(item__session__body=body)
    kind = ContentType.objects.get_for_model(ItemCondition)
    cases = Case.objects.filter(kind=ACTION.slug, subject_type=kind, subject_id__in=mine.values("pk"))
    return cases.select_related("owner", "system").order_by("due_on", "pk")
