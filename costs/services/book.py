"""The rules of a month, asked of all charges at once: each rule looks at distinct values, never at a line."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from decimal import Decimal
from typing import Generic, NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
from django.db.models import QuerySet
from django.utils.text import slugify

from costs.models import ORDER, Method, Rule, RuleSet, RuleShare
from portal.registry.models import RegisteredModel, System


class Bearer(NamedTuple):
    """Who bears a cost: 0 where it is no version, no system, or nobody at all."""

    unit: int = 0
    system: int = 0
    version: int = 0


NOBODY = Bearer()
Weights = Mapping[Bearer, Decimal]
Codes = npt.NDArray[np.int64]
Mask = npt.NDArray[np.bool_]


Value = TypeVar("Value", bound=Hashable)


@dataclass(frozen=True, slots=True)
class Column(Generic[Value]):
    """A column of charges: its distinct values, and the place of each charge's value among them."""

    values: Sequence[Value]
    codes: Codes

    @classmethod
    def of(cls, given: Sequence[Value]) -> Column[Value]:
        places = {value: place for place, value in enumerate(dict.fromkeys(given))}
        return cls(list(places), np.array([places[value] for value in given], np.int64))

    def where(self, holds: Callable[[Value], bool]) -> Mask:
        """The charges whose value is such; each distinct value is asked once."""
        return np.array([holds(value) for value in self.values], bool)[self.codes]


@dataclass(frozen=True, slots=True)
class Charges:
    """Charges of one month by what rules can ask of them; a tag set is a key of ``sets``, None for none."""

    tags: Column[int | None]
    sets: Mapping[int, Mapping[str, str]]
    account: Column[str]
    sub_account: Column[str]
    resource: Column[str]
    service: Column[str]
    family: Column[str]

    def __len__(self) -> int:
        return len(self.tags.codes)

    def tag(self, key: str) -> Column[str]:
        """The value that each charge's tags have for a key, empty where they have none."""
        values = [self.sets.get(pk or 0, {}).get(key, "") for pk in self.tags.values]
        return Column(values, self.tags.codes)


@dataclass(frozen=True, slots=True)
class Answer:
    """Who bears each charge: ``bearers`` by weight, ``strays`` the tags' values that name no system.

    ``bearer`` and ``stray`` are each charge's place in them.
    """

    bearers: Sequence[Weights]
    bearer: Codes
    strays: Sequence[str]
    stray: Codes


@dataclass
class Book:
    """The rules of one month, ready to be asked."""

    rule_set: RuleSet | None
    rules: Sequence[tuple[Rule, Weights]]
    names: Mapping[str, Bearer] = field(default_factory=dict)

    @classmethod
    def of(cls, period: date) -> Book:
        """The rules in force in a month, in the order in which they are asked."""
        rule_set = rules_of(period)
        if rule_set is None:
            return cls(None, ())
        rows = list(rule_set.rules.prefetch_related("shares__system", "shares__version__model__system"))
        rows.sort(key=lambda rule: (ORDER[Method(rule.method)], rule.position))
        return cls(rule_set, [(rule, _weights(rule.shares.all())) for rule in rows], system_names())

    def ask(self, charges: Charges) -> Answer:
        """Who bears each charge: the first rule that fits decides, nobody where none does.

        A stray is the first tag value that should have named a system before another rule decided.
        """
        asking = _Asking(charges)
        for rule, weights in self.rules:
            if rule.method == Method.NAMED:
                asking.name(charges.tag(rule.key), self.names)
            elif weights:
                asking.give(_fits(rule, charges), weights)
        return asking.answer()


class _Asking:
    """Charges on their way through the rules of a month."""

    def __init__(self, charges: Charges) -> None:
        self.bearers: list[Weights] = [{NOBODY: Decimal(1)}]
        self.bearer = np.zeros(len(charges), np.int64)
        self.strays = [""]
        self.stray = np.zeros(len(charges), np.int64)

    def give(self, fits: Mask, weights: Weights) -> None:
        """Let those bear the charges that fit and that no rule has given away yet."""
        self.bearer[fits & (self.bearer == 0)] = len(self.bearers)
        self.bearers.append(weights)

    def name(self, tag: Column[str], names: Mapping[str, Bearer]) -> None:
        """Let the system bear that the tag names; keep the value of one that names none."""
        found = np.zeros(len(tag.values), np.int64)
        lost = np.zeros(len(tag.values), np.int64)
        for place, value in enumerate(tag.values):
            bearer = names.get(value.strip().casefold())
            if bearer is not None:
                found[place] = len(self.bearers)
                self.bearers.append({bearer: Decimal(1)})
            elif value.strip():
                lost[place] = len(self.strays)
                self.strays.append(value.strip()[:200])
        waits = self.bearer == 0
        self.bearer = np.where(waits, found[tag.codes], self.bearer)
        keeps = (self.bearer == 0) & (self.stray == 0)
        self.stray = np.where(keeps, lost[tag.codes], self.stray)
        self.stray[waits & (self.bearer > 0)] = 0  # a later tag names the system after all

    def answer(self) -> Answer:
        return Answer(self.bearers, self.bearer, self.strays, self.stray)


def _fits(rule: Rule, charges: Charges) -> Mask:
    match Method(rule.method):
        case Method.TAG:
            return charges.tag(rule.key).where(lambda value: value == rule.value)
        case Method.RESOURCE:
            return charges.resource.where(lambda value: value == rule.value)
        case Method.ACCOUNT:
            columns = (charges.account, charges.sub_account)
        case _:
            columns = (charges.service, charges.family)
            if not rule.value:
                return np.ones(len(charges), bool)
    first, second = (column.where(lambda value: value == rule.value) for column in columns)
    return first | second


def _weights(shares: Iterable[RuleShare]) -> Weights:
    found: dict[Bearer, Decimal] = {}
    for share in shares:
        bearer = _bearer(share)
        found[bearer] = found.get(bearer, Decimal(0)) + share.weight
    return found


def _bearer(share: RuleShare) -> Bearer:
    if share.version is not None:
        return Bearer(share.version.system.unit_id, share.version.model.system_id, share.version.pk)
    if share.system is not None:
        return Bearer(share.system.unit_id, share.system.pk)
    assert share.unit_id is not None  # the database holds one of the three
    return Bearer(share.unit_id)


def rules_of(period: date) -> RuleSet | None:
    """The rules in force in a billing month: of those that have begun, the one set last."""
    return RuleSet.objects.filter(starts_on__lte=period).order_by("-number").first()


def system_names() -> dict[str, Bearer]:
    """What may stand in a tag for a system: its reference, its name, its name as a slug, its models."""
    found: dict[str, Bearer] = {}
    models: QuerySet[RegisteredModel] = RegisteredModel.objects.select_related("system")
    for model in models:
        found[model.name.casefold()] = Bearer(model.system.unit_id, model.system_id)
    for system in System.objects.all():
        bearer = Bearer(system.unit_id, system.pk)
        for name in (slugify(system.name), system.name, system.ref):
            found[name.casefold()] = bearer
    return found
