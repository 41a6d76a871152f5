"""The OpenAPI document of the native API, drawn from the viewsets and committed as docs/openapi.json."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache
from typing import Any

import orjson
from django.conf import settings
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from drf_spectacular.generators import SchemaGenerator
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter

from portal.api import errors, idempotency

NATIVE = "/api/v1/"
METHODS = ("get", "post", "put", "patch", "delete")
AS_OF = OpenApiParameter(
    "as_of", OpenApiTypes.DATETIME, description="The state at this instant, or at the end of this UTC day."
)
Endpoints = list[tuple[str, str, str, Callable[..., Any]]]


def native_routes_only(endpoints: Endpoints, **_: Any) -> Endpoints:
    """A hook of drf-spectacular: protocols of others are documented by them."""
    return [endpoint for endpoint in endpoints if endpoint[0].startswith(NATIVE)]


class PortalSchema(AutoSchema):
    """Reads a viewset of ours: requests by ``inputs``, answers by ``serializer_class``."""

    def get_request_serializer(self) -> Any:
        inputs = getattr(self.view, "inputs", None)
        if inputs is None:
            return super().get_request_serializer()
        serializer_class = inputs.get(getattr(self.view, "action", None))
        return serializer_class and serializer_class(partial=self.method == "PATCH")

    def get_serializer_name(self, serializer: Any, direction: Any) -> str:
        """With the area in front: several have a "version" or a "policy"."""
        name: str = super().get_serializer_name(serializer, direction)
        module = type(serializer).__module__
        area = next((area for area in settings.PORTAL_AREAS if module.startswith(f"{area}.")), "")
        word = area.rpartition(".")[2].capitalize()
        return name if name.startswith(word) else word + name

    def get_override_parameters(self) -> list[Any]:
        described = super().get_override_parameters()
        if self.method == "GET" and getattr(self.view, "dated", False):
            described = [*described, AS_OF]
        return described


class Generator(SchemaGenerator):
    """Takes a viewset's model from its declaration: its rows depend on a person and an address."""

    def create_view(self, callback: Any, method: str, request: Any = None) -> Any:
        view: Any = super().create_view(callback, method, request)  # type: ignore[no-untyped-call]
        if model := getattr(view, "model", None):
            view.queryset = model._default_manager.none()  # noqa: SLF001 - Django's name
        return view


class TokenScheme(OpenApiAuthenticationExtension):  # type: ignore[no-untyped-call]  # its metaclass has no types
    """An API token, as bearer or as the password of basic authentication."""

    target_class = "portal.accounts.authentication.TokenAuthentication"
    name = ["bearer", "basic"]

    def get_security_requirement(self, auto_schema: Any) -> list[dict[str, list[Any]]]:  # noqa: ARG002 - as below
        return [{"bearer": []}, {"basic": []}]

    def get_security_definition(self, auto_schema: Any) -> list[dict[str, Any]]:  # noqa: ARG002 - the base class's signature
        return [
            {"type": "http", "scheme": "bearer", "description": "A token from your profile page."},
            {"type": "http", "scheme": "basic", "description": "Any name, and a token as password."},
        ]


PROBLEM = {
    "type": "object",
    "description": "An error (RFC 9457).",
    "required": ["type", "title", "status", "detail", "errors", "help"],
    "properties": {
        "type": {
            "type": "string",
            "format": "uri-reference",
            "description": "Explains this kind of problem.",
        },
        "title": {"type": "string"},
        "status": {"type": "integer", "minimum": 400, "maximum": 599},
        "detail": {"type": "string", "description": "What is wrong in this case."},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "detail"],
                "properties": {
                    "pointer": {
                        "type": "string",
                        "description": "A JSON pointer into the body, `?name` for a parameter, or a header.",
                    },
                    "detail": {"type": "string"},
                },
            },
        },
        "help": {"type": ["string", "null"], "description": "The page that mends it."},
        "gates": {
            "type": "array",
            "description": "The answers of the gates, where one is closed.",
            "items": {
                "type": "object",
                "properties": {
                    "gate": {"type": "string"},
                    "state": {"type": "string", "enum": ["passed", "failed", "waiting", "waived"]},
                    "reason": {"type": "string"},
                    "fix_url": {"type": "string"},
                },
            },
        },
    },
}
RESPONSES = {
    "Refusal": "Not done, and why. 401 asks for a token, 429 and 409 may carry `Retry-After`.",
    "Failure": "Not done, for a reason on our side. 503 carries `Retry-After`.",
}
PARAMETERS = {
    "IdempotencyKey": {
        "name": idempotency.HEADER,
        "in": "header",
        "required": False,
        "description": "Makes repeating this request harmless: the same key and body give the same answer.",
        "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    },
    "IfMatch": {
        "name": "If-Match",
        "in": "header",
        "required": False,
        "description": "The ETag of what you read: 412 when it changed since.",
        "schema": {"type": "string"},
    },
}
HEADER_OF_METHOD = {"post": "IdempotencyKey", "put": "IfMatch", "patch": "IfMatch", "delete": "IfMatch"}


@cache
def document() -> dict[str, Any]:
    """The whole document, the same for everybody, made once."""
    generator: Any = Generator  # its methods have no types
    drawn: dict[str, Any] = generator().get_schema(request=None, public=True)
    components = drawn.setdefault("components", {})
    components.setdefault("schemas", {})["Problem"] = PROBLEM
    components["responses"] = {name: _response(description) for name, description in RESPONSES.items()}
    components["parameters"] = PARAMETERS
    for method, operation in _operations(drawn):
        operation["responses"]["4XX"] = {"$ref": "#/components/responses/Refusal"}
        operation["responses"]["5XX"] = {"$ref": "#/components/responses/Failure"}
        if header := HEADER_OF_METHOD.get(method):
            operation.setdefault("parameters", []).append({"$ref": f"#/components/parameters/{header}"})
    return _clean(drawn)  # type: ignore[no-any-return]  # a dict stays one


@cache
def as_json() -> bytes:
    """The document in the form in which it is committed and served."""
    return orjson.dumps(document(), option=orjson.OPT_INDENT_2 | orjson.OPT_APPEND_NEWLINE)


def _clean(node: Any) -> Any:
    """Without the marks that drf-spectacular leaves for a hook that names choices."""
    if isinstance(node, dict):
        return {name: _clean(below) for name, below in node.items() if name != "x-spec-enum-id"}
    return [_clean(below) for below in node] if isinstance(node, list) else node


def _response(description: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": description, "content": {errors.CONTENT_TYPE: {"schema": schema}}}


def _operations(drawn: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for address in drawn.get("paths", {}).values():
        for method in METHODS:
            if method in address:
                yield method, address[method]
