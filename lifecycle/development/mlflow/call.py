"""One call of MLflow's API: who asks, what is read from the request, and how the answer is shaped."""

from __future__ import annotations

import posixpath
import re
from collections.abc import Callable, Mapping
from typing import Any, ClassVar

from rest_framework.exceptions import ParseError
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from lifecycle.development.mlflow import wire
from lifecycle.development.mlflow.errors import MlflowError, handler, invalid, missing
from lifecycle.development.mlflow.filters import Grammar, matching, offset_of, ordering, token_of
from portal.accounts.authentication import TokenAuthentication
from portal.accounts.models import User
from portal.api.parsers import SafeJSONParser
from portal.api.prepared import Given, Prepared
from portal.errors import Denied
from portal.registry import services
from portal.registry.models import ModelVersion, RegisteredModel
from portal.registry.scope import LATER, scope_of
from portal.rights import PUBLIC, require

LATEST = "latest"
ALIAS = re.compile(r"[\w-]{1,255}")
KEY = re.compile(r"[\w.\- :/]+")
STAGES = {stage.lower(): stage for stage in wire.LATEST_STAGES}
MAX_KEY, MAX_VALUE = 250, 100_000

MODEL = Prepared(lambda: RegisteredModel.objects.filter(system__in=LATER, name=Given("name")))
VERSION = Prepared(
    lambda: (
        ModelVersion.objects.live()
        .filter(model__system__in=LATER, model__name=Given("name"), number=Given("number"))
        .select_related("model")
    )
)

Parameters = Mapping[str, Any]
Handler = Callable[["Call", Parameters], Mapping[str, Any]]


class AnyJSON(SafeJSONParser):
    """JSON whatever the body is said to be, as MLflow's server reads it."""

    media_type = "*/*"


class Call(APIView):
    """One address of MLflow's API; ``table`` says which function answers which method."""

    authentication_classes = [TokenAuthentication]
    parser_classes = [AnyJSON]
    table: ClassVar[Mapping[str, Handler]] = {}
    does: ClassVar[Mapping[str, str]] = {"get": "registry.read", "*": "registry.register"}

    def get_exception_handler(self) -> Callable[..., Response]:
        return handler

    def get(self, request: Request) -> Response:
        given: dict[str, Any] = {
            key: values if key in {"order_by", "stages"} else values[-1]
            for key, values in request.query_params.lists()
        }
        return self._answer("get", given)

    def post(self, request: Request) -> Response:
        return self._answer("post", self._body(request))

    def patch(self, request: Request) -> Response:
        return self._answer("patch", self._body(request))

    def delete(self, request: Request) -> Response:
        return self._answer("delete", self._body(request))

    @property
    def user(self) -> User:
        assert isinstance(self.request.user, User)
        return self.request.user

    def _answer(self, method: str, given: Parameters) -> Response:
        return Response(self.table[method](self, given))

    def _body(self, request: Request) -> dict[str, Any]:
        if request.method == "POST" and request.content_type.partition(";")[0] != "application/json":
            raise invalid("Bad Request. Content-Type must be 'application/json'.")
        try:
            body = request.data
        except ParseError:
            return {}
        return dict(body) if isinstance(body, Mapping) else {}


def call(**table: Handler) -> Callable[..., Any]:
    """A view for one address, e.g. ``call(get=search_models)``."""
    methods = [*table, "options"]
    attributes = {"table": table, "http_method_names": methods}
    made: type[Call] = type("Call", (Call,), attributes)
    return made.as_view()


class Elsewhere(APIView):
    """Whatever else a client asks under the prefix: the portal is the registry, not the tracking server."""

    authentication_classes = []
    does = PUBLIC

    def get_exception_handler(self) -> Callable[..., Response]:
        return handler

    def get(self, request: Request, **_: str) -> Response:
        raise MlflowError(
            "ENDPOINT_NOT_FOUND",
            f"{request.path} is not part of the model registry. The portal is the registry: set "
            "MLFLOW_REGISTRY_URI to it, and MLFLOW_TRACKING_URI to your tracking server.",
        )

    post = put = patch = delete = get


def text(given: Parameters, key: str, *, required: bool = True) -> str:
    """A string parameter; empty when absent and not required."""
    value = given.get(key)
    if value is None or value == "":
        if required:
            raise invalid(f"Missing value for required parameter '{key}'.")
        return ""
    if not isinstance(value, str):
        raise invalid(f"Invalid value {value!r} for parameter '{key}' supplied: it is not a string.")
    return value


def number(given: Parameters, key: str) -> int:
    """A version number, which MLflow writes as a string."""
    value = given.get(key)
    if value in (None, ""):
        raise invalid(f"Missing value for required parameter '{key}'.")
    try:
        found = int(str(value))
    except ValueError as error:
        raise invalid(f"Parameter '{key}' must be an integer, got {value!r}.") from error
    if not 0 <= found < 2**31:
        raise missing(f"Model Version (version={found}) not found")
    return found


def limit(given: Parameters, default: int, most: int) -> int:
    """``max_results`` within its bounds."""
    try:
        found = int(str(given.get("max_results", default)))
    except ValueError as error:
        raise invalid(f"max_results must be an integer, got {given['max_results']!r}.") from error
    if not 1 <= found <= most:
        raise invalid(f"Invalid value {found} for parameter 'max_results': it must be between 1 and {most}.")
    return found


def tags_of(given: Parameters) -> dict[str, str]:
    """The ``tags`` list as a dict, each within MLflow's lengths."""
    items = given.get("tags") or []
    if not isinstance(items, list) or not all(isinstance(item, Mapping) for item in items):
        raise invalid("tags must be a list of {key, value}.")
    return dict(tag_of(item) for item in items)


def tag_of(item: Parameters) -> tuple[str, str]:
    key, value = key_of(item), text(item, "value", required=False)
    if len(key) > MAX_KEY:
        raise invalid(f"'key' exceeds the maximum length of {MAX_KEY} characters.")
    if len(value) > MAX_VALUE:
        raise invalid(f"'value' exceeds the maximum length of {MAX_VALUE} characters.")
    return key, value


def key_of(item: Parameters) -> str:
    """The key of a tag, which MLflow may use as the name of a file."""
    key = text(item, "key")
    if not KEY.fullmatch(key) or posixpath.normpath(key) != key or key.startswith(("..", "/")) or key == ".":
        raise invalid(
            f"Invalid tag key {key!r}. It has letters, digits, '_', '-', '.', ':', spaces and '/', and is "
            "a relative path in its shortest form."
        )
    return key


def flag(given: Parameters, key: str) -> bool:
    """A boolean parameter; false when absent."""
    value = given.get(key)
    if value is not None and not isinstance(value, bool):
        raise invalid(f"Invalid value {value!r} for parameter '{key}' supplied: it is not a boolean.")
    return bool(value)


def the_model(call_: Call, given: Parameters, action: str = "registry.read") -> RegisteredModel:
    """The named model this person may see; for a write also one they may change."""
    name = text(given, "name")
    services.check_name(name)
    row = MODEL.first(name=name, **scope_of(call_.user, "registry.read"))
    if row is None:
        raise missing(f"Registered Model with name={name} not found")
    if action != "registry.read":
        allow(call_, row, action)
    return row


def the_version(call_: Call, given: Parameters, action: str = "registry.read") -> ModelVersion:
    """The numbered version of the named model."""
    name, wanted = text(given, "name"), number(given, "version")
    row = VERSION.first(name=name, number=wanted, **scope_of(call_.user, "registry.read"))
    if row is None:
        raise missing(f"Model Version (name={name}, version={wanted}) not found")
    if action != "registry.read":
        allow(call_, row.model, action)
    return row


def allow(call_: Call, model: RegisteredModel, action: str) -> None:
    """Raise Denied unless the person may do the action on the model's system."""
    require(call_.user, action)
    if not RegisteredModel.objects.visible_to(call_.user, action).filter(pk=model.pk).exists():
        raise Denied(f"You may read {model.name} but not change it; it belongs to another unit.")


def aliases_of(row: ModelVersion) -> list[str]:
    return list(row.aliases.order_by("alias").values_list("alias", flat=True))


def alias_of(given: Parameters) -> str:
    """The name of an alias, as far as any may be one."""
    alias = text(given, "alias")
    if not ALIAS.fullmatch(alias):
        raise invalid(f"Invalid alias name: '{alias}'. It has letters, digits, '_' and '-', at most 255.")
    return alias


def version_named(model: RegisteredModel, alias: str) -> ModelVersion:
    """The version an alias points at; ``latest`` always points at the newest."""
    if alias.lower() == LATEST:
        return newest_of(model)
    found = model.aliases.filter(alias=alias).select_related("version__model").first()
    if found is None:
        raise invalid(f"Registered model alias {alias} not found.")
    return found.version


def newest_of(model: RegisteredModel, **stage: str) -> ModelVersion:
    """The newest version of a model, or of one of its stages."""
    found = model.versions.live().filter(**stage).select_related("model").order_by("-number").first()
    if found is None:
        raise missing(f"Latest version not found for model {model.name}.")
    return found


def version_body(row: ModelVersion) -> dict[str, Any]:
    return {"model_version": wire.version(row, row.model.name, aliases_of(row))}


def model_body(row: RegisteredModel) -> dict[str, Any]:
    return {"registered_model": wire.model(row)}


def stage_of(name: str) -> str:
    if name.lower() not in STAGES:
        raise invalid(
            f"Invalid Model Version stage: {name}. Value must be one of {', '.join(wire.LATEST_STAGES)}."
        )
    return STAGES[name.lower()]


def page_of(rows: Any, given: Parameters, grammar: Grammar, size: int) -> tuple[list[Any], str | None]:
    offset = offset_of(text(given, "page_token", required=False))
    order = given.get("order_by") or []
    found = rows.filter(matching(text(given, "filter", required=False), grammar))
    page = list(found.order_by(*ordering(order, grammar))[offset : offset + size + 1])
    return page[:size], token_of(offset + size) if len(page) > size else None


def answered(name: str, items: list[dict[str, Any]], following: str | None) -> dict[str, Any]:
    body: dict[str, Any] = {name: items} if items else {}
    if following:
        body["next_page_token"] = following
    return body
