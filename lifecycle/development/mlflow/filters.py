"""MLflow's search grammar: ``clause (AND clause)*``, no OR, lists after IN, and its order_by."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_

from django.db.models import CharField, F, OrderBy, Q, TextField
from django.db.models.fields.json import KeyTextTransform
from django.db.models.lookups import BuiltinLookup

from lifecycle.development.mlflow.errors import invalid

PROMPT_TAG = "mlflow.prompt.is_prompt"

TOKEN = re.compile(
    r"""\s*(?:
        (?P<string>'(?:''|\\'|[^'])*'|"(?:""|\\"|[^"])*")
      | (?P<number>-?\d+(?:\.\d+)?)(?![\w.])
      | (?P<comparator><=|>=|!=|=|<|>)
      | (?P<punctuation>[(),])
      | (?P<word>(?:`[^`]+`|"[^"]+"|[\w-]+|\.)+)
    )""",
    re.VERBOSE,
)

ORDER = re.compile(r"(?:attribute\.)?`?(\w+)`?(?:\s+(ASC|DESC))?", re.IGNORECASE)
WHOLE = re.compile(r"-?\d{1,18}", re.ASCII)

Value = str | int | float | list[str]


@CharField.register_lookup
@TextField.register_lookup
class Like(BuiltinLookup):
    """SQL LIKE with the caller's own wildcards; case matters."""

    lookup_name = "like"
    operator = "LIKE"

    def get_rhs_op(self, connection: object, rhs: str) -> str:  # noqa: ARG002 - Django's signature
        return f"{self.operator} {rhs}"


@CharField.register_lookup
@TextField.register_lookup
class Ilike(Like):
    """SQL ILIKE: like LIKE, case does not matter."""

    lookup_name = "ilike"
    operator = "ILIKE"


@dataclass(frozen=True, slots=True)
class Clause:
    """One comparison: of an attribute, or of a tag."""

    key: str
    is_tag: bool
    comparator: str
    value: Value


@dataclass(frozen=True, slots=True)
class Grammar:
    """What may be searched and sorted: attribute -> ORM path, and which comparators it takes.

    ``order`` holds where the caller asks for none, ``tie`` stands behind what they ask for.
    """

    strings: dict[str, str]
    numbers: dict[str, str]
    lists: frozenset[str]
    orders: dict[str, str]
    order: tuple[str, ...]
    tie: tuple[str, ...]


STRING_COMPARATORS = frozenset({"=", "!=", "LIKE", "ILIKE"})
NUMBER_COMPARATORS = {"=": "", "<": "__lt", "<=": "__lte", ">": "__gt", ">=": "__gte"}

MODELS = Grammar(
    strings={"name": "name"},
    numbers={},
    lists=frozenset({"name"}),
    orders={
        "name": "name",
        "creation_timestamp": "created_at",
        "last_updated_timestamp": "updated_at",
        "timestamp": "updated_at",
    },
    order=("name",),
    tie=("name",),
)
VERSIONS = Grammar(
    strings={"name": "model__name", "run_id": "run_id", "source_path": "source"},
    numbers={"version_number": "number"},
    lists=frozenset({"name", "run_id"}),
    orders={
        "name": "model__name",
        "version_number": "number",
        "creation_timestamp": "created_at",
        "last_updated_timestamp": "updated_at",
    },
    order=("-updated_at", "model__name", "-number"),
    tie=("model__name", "-number"),
)


def matching(text: str, grammar: Grammar) -> Q:
    """The condition of a filter string. Prompts are found only by a filter that asks for prompts.

    Any other clause on the prompt tag says no more than that: what is no prompt does not bear it.
    """
    clauses = list(_clauses(text))
    conditions = [(clause, _condition(clause, grammar)) for clause in clauses]
    if any(_asks_for_prompts(clause) for clause in clauses):
        return reduce(and_, (condition for _, condition in conditions))
    others = (condition for clause, condition in conditions if not _is_of_prompts(clause))
    return reduce(and_, others, ~Q(tags__contains={PROMPT_TAG: "true"}))


def ordering(given: Sequence[str], grammar: Grammar) -> list[OrderBy | str]:
    """The order, with MLflow's tie-breakers behind it. Raises on an unknown or repeated key."""
    if not given:
        return list(grammar.order)
    ordered: list[OrderBy | str] = []
    seen: set[str] = set()
    for text in given:
        found = ORDER.fullmatch(text)
        if found is None or found[1] not in grammar.orders:
            raise invalid(f"Invalid order_by clause {text!r}. Valid keys are {', '.join(grammar.orders)}.")
        path = grammar.orders[found[1]]
        if path in seen:
            raise invalid(f"`order_by` contains duplicate fields: {list(given)}")
        seen.add(path)
        ordered.append(OrderBy(F(path), descending=(found[2] or "").upper() == "DESC"))
    return [*ordered, *(key for key in grammar.tie if key.lstrip("-") not in seen)]


def token_of(offset: int) -> str:
    """The opaque token of the page that begins at an offset."""
    return base64.b64encode(json.dumps({"offset": offset}).encode()).decode()


def offset_of(token: str) -> int:
    """Where the page of a token begins; no token is the first page."""
    if not token:
        return 0
    try:
        offset = json.loads(base64.b64decode(token, validate=True))["offset"]
    except (ValueError, KeyError, TypeError) as error:
        raise invalid(f"Invalid page token: {token!r}.") from error
    if not isinstance(offset, int) or not 0 <= offset < 2**31:
        raise invalid(f"Invalid page token: {token!r}.")
    return offset


def _clauses(text: str) -> Iterator[Clause]:
    tokens = _tokens(text)
    while tokens:
        yield _clause(tokens, text)
        if tokens:
            kind, value = tokens.pop(0)
            if kind != "word" or value.upper() != "AND" or not tokens:
                raise invalid(f"Invalid clause(s) in filter string: {text!r}. Clauses are joined by AND.")


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    position = 0
    end = len(text.rstrip())
    while position < end:
        found = TOKEN.match(text, position)
        if found is None or found.lastgroup is None:
            raise invalid(f"Invalid filter string {text!r}: cannot read {text[position : position + 20]!r}.")
        tokens.append((found.lastgroup, found[found.lastgroup]))
        position = found.end()
    return tokens


def _clause(tokens: list[tuple[str, str]], text: str) -> Clause:
    try:
        kind, identifier = tokens.pop(0)
        key, is_tag = _identifier(identifier)
        comparator = tokens.pop(0)[1].upper()
        if comparator == "NOT":
            comparator += f" {tokens.pop(0)[1].upper()}"
        value: Value = _list(tokens) if comparator in {"IN", "NOT IN"} else _value(*tokens.pop(0))
    except IndexError as error:
        raise invalid(f"Invalid filter string {text!r}: it ends too early.") from error
    if kind != "word":
        raise invalid(f"Invalid filter string {text!r}: {identifier!r} is not an attribute or tag.")
    return Clause(key, is_tag, comparator, value)


def _identifier(word: str) -> tuple[str, bool]:
    entity, dot, key = word.partition(".")
    if not dot:
        return word, False
    if entity in {"tag", "tags"}:
        return key.strip('`"'), True
    if entity == "attribute":
        return key, False
    raise invalid(f"Invalid entity type {entity!r}. Valid entity types are 'attribute' and 'tag'.")


def _value(kind: str, text: str) -> str | int | float:
    if kind == "string":
        quote = text[0]
        return text[1:-1].replace(quote * 2, quote).replace(f"\\{quote}", quote)
    if kind == "number":
        return float(text) if "." in text else int(text)
    raise invalid(f"Expected a quoted string value, got {text!r}.")


def _list(tokens: list[tuple[str, str]]) -> list[str]:
    values: list[str] = []
    if tokens.pop(0)[1] != "(":
        raise invalid("IN takes a list in parentheses.")
    while True:
        value = _value(*tokens.pop(0))
        if not isinstance(value, str):
            raise invalid("The list of IN holds quoted strings.")
        values.append(value)
        separator = tokens.pop(0)[1]
        if separator == ")":
            return values
        if separator != ",":
            raise invalid("The values of a list are separated by commas.")


def _condition(clause: Clause, grammar: Grammar) -> Q:
    if clause.is_tag:
        return _tag(clause)
    if clause.key in grammar.strings:
        return _string(clause, grammar)
    if clause.key in grammar.numbers:
        return _number(clause, grammar.numbers[clause.key])
    valid = ", ".join([*grammar.strings, *grammar.numbers])
    raise invalid(f"Invalid attribute key {clause.key!r} specified. Valid keys are {valid}.")


def _string(clause: Clause, grammar: Grammar) -> Q:
    path = grammar.strings[clause.key]
    if isinstance(clause.value, list):
        if clause.key not in grammar.lists:
            raise invalid(f"{clause.key} takes no list.")
        condition = Q(**{f"{path}__in": clause.value})
        return condition if clause.comparator == "IN" else ~condition
    return _compared(clause, lambda suffix: Q(**{f"{path}{suffix}": clause.value}))


def _tag(clause: Clause) -> Q:
    if clause.comparator == "=" and isinstance(clause.value, str):
        return Q(tags__contains={clause.key: clause.value})
    named = Q(tags__has_key=clause.key)
    if clause.comparator == "!=" and isinstance(clause.value, str):
        return named & ~Q(tags__contains={clause.key: clause.value})
    text = KeyTextTransform(clause.key, "tags")
    lookup = {"LIKE": Like, "ILIKE": Ilike}.get(clause.comparator)
    if lookup is None or not isinstance(clause.value, str):
        raise invalid(f"Invalid comparator for tag: {clause.comparator}. Valid are =, !=, LIKE, ILIKE.")
    return named & Q(lookup(text, clause.value))


def _is_of_prompts(clause: Clause) -> bool:
    return clause.is_tag and clause.key == PROMPT_TAG


def _asks_for_prompts(clause: Clause) -> bool:
    said = (clause.comparator, str(clause.value).lower())
    return _is_of_prompts(clause) and said in {("=", "true"), ("!=", "false")}


def _number(clause: Clause, path: str) -> Q:
    if isinstance(clause.value, list) or clause.comparator not in {*NUMBER_COMPARATORS, "!="}:
        raise invalid(f"Invalid comparator for {clause.key}: {clause.comparator}.")
    if isinstance(clause.value, float) or not WHOLE.fullmatch(str(clause.value)):
        raise invalid(f"{clause.key} is compared with a whole number, not {clause.value!r}.")
    value = int(clause.value)
    if clause.comparator == "!=":
        return ~Q(**{path: value})
    return Q(**{path + NUMBER_COMPARATORS[clause.comparator]: value})


def _compared(clause: Clause, build: Callable[[str], Q]) -> Q:
    if not isinstance(clause.value, str):
        raise invalid(f"{clause.key} is compared with a quoted string.")
    match clause.comparator:
        case "=":
            return build("")
        case "!=":
            return ~build("")
        case "LIKE":
            return build("__like")
        case "ILIKE":
            return build("__ilike")
    raise invalid(f"Invalid comparator for {clause.key}: {clause.comparator}.")
