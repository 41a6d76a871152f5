"""The OpenAPI document says what the viewsets do, the same every time."""

from __future__ import annotations

import json
from collections.abc import Iterator
from io import StringIO
from pathlib import Path
from typing import Any

import pytest
from django.core.management import CommandError, call_command
from django.test import Client

from portal.api import schema
from tests.portal.api.conftest import Cast

METHODS = {"get", "post", "put", "patch", "delete"}


@pytest.fixture(autouse=True)
def _drawn_anew() -> Iterator[None]:
    schema.document.cache_clear()
    schema.as_json.cache_clear()
    yield
    schema.document.cache_clear()
    schema.as_json.cache_clear()


def references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if isinstance(node.get("$ref"), str):
            yield node["$ref"]
        for below in node.values():
            yield from references(below)
    elif isinstance(node, list):
        for below in node:
            yield from references(below)


def test_only_native_addresses_are_described() -> None:
    paths = schema.document()["paths"]
    assert "/api/v1/systems/" in paths
    assert all(path.startswith("/api/v1/") for path in paths)


def test_every_reference_leads_somewhere() -> None:
    document = schema.document()
    assert b"x-spec" not in schema.as_json()
    for reference in references(document):
        node: Any = document
        for part in reference.removeprefix("#/").split("/"):
            node = node[part]


def test_every_operation_describes_its_errors_and_who_may_ask() -> None:
    document = schema.document()
    assert document["openapi"].startswith("3.1")
    problem = document["components"]["responses"]["Refusal"]["content"]["application/problem+json"]
    assert problem["schema"]["$ref"].endswith("/Problem")
    schemes = document["components"]["securitySchemes"]
    assert {"bearer", "basic"} <= schemes.keys()
    for address in document["paths"].values():
        for method in METHODS & address.keys():
            assert {"4XX", "5XX"} <= address[method]["responses"].keys()
            assert {"bearer": []} in address[method]["security"]


def parameters(operation: dict[str, Any]) -> set[str]:
    return {p.get("name") or p["$ref"].rpartition("/")[2] for p in operation["parameters"]}


def test_a_list_describes_its_filters_order_pages_and_instant() -> None:
    described = parameters(schema.document()["paths"]["/api/v1/systems/"]["get"])
    assert described == {"limit", "offset", "sort", "as_of", "risk_tier", "created_at__gte", "id"}


def test_a_viewset_whose_rows_depend_on_its_address_is_described_too() -> None:
    described = schema.document()["paths"]["/api/v1/units/{slug}/systems/"]["get"]
    assert "risk_tier" in parameters(described)


def test_posts_take_a_key_and_changes_an_etag() -> None:
    paths = schema.document()["paths"]
    assert "IdempotencyKey" in parameters(paths["/api/v1/systems/"]["post"])
    for method in ("put", "patch", "delete"):
        assert "IfMatch" in parameters(paths["/api/v1/systems/{id}/"][method])


def test_requests_are_described_by_the_inputs_of_the_action() -> None:
    document = schema.document()

    def body(address: str, method: str) -> dict[str, Any]:
        operation = document["paths"][address][method]
        reference = operation["requestBody"]["content"]["application/json"]["schema"]["$ref"]
        schemas: dict[str, dict[str, Any]] = document["components"]["schemas"]
        return schemas[reference.rpartition("/")[2]]

    assert "share" in body("/api/v1/systems/", "post")["properties"]
    assert body("/api/v1/systems/", "post")["required"] == ["name"]
    assert "required" not in body("/api/v1/systems/{id}/", "patch")
    assert set(body("/api/v1/systems/{id}/archive/", "post")["properties"]) == {"reason"}
    assert "201" in document["paths"]["/api/v1/systems/"]["post"]["responses"]


def test_two_areas_may_use_the_same_word() -> None:
    names = [
        schema.PortalSchema().get_serializer_name(type(name, (), {"__module__": module})(), "response")
        for module, name in (("portal.registry.api", "VersionSerializer"), ("portal.policies.api", "Version"))
    ]
    assert names == ["RegistryVersionSerializer", "PoliciesVersion"]


def test_the_command_writes_the_same_bytes_and_notices_a_difference(tmp_path: Path) -> None:
    output = tmp_path / "openapi.json"
    with pytest.raises(CommandError, match="out of date"):
        call_command("openapi", check=True, output=output)
    call_command("openapi", output=output, stdout=StringIO())
    first = output.read_bytes()
    schema.document.cache_clear()
    schema.as_json.cache_clear()
    call_command("openapi", check=True, output=output)
    assert json.loads(first)["info"]["title"] == "AI Governance Portal"
    output.write_bytes(first + b" ")
    with pytest.raises(CommandError, match="out of date"):
        call_command("openapi", check=True, output=output)


def test_the_document_is_for_people_and_programs_that_are_signed_in(cast: Cast) -> None:
    assert cast.client().get("/api/schema/").status_code == 401
    response = cast.client(cast.erin).get("/api/schema/")
    assert response["Content-Type"].startswith("application/vnd.oai.openapi+json")
    assert json.loads(response.content)["openapi"].startswith("3.1")


@pytest.mark.parametrize("address", ["/api/docs/", "/api/redoc/"])
def test_its_readers_load_nothing_from_elsewhere(cast: Cast, client: Client, address: str) -> None:
    assert client.get(address).status_code == 302
    client.force_login(cast.erin, backend="allauth.account.auth_backends.AuthenticationBackend")
    response = client.get(address)
    assert response.status_code == 200
    policy = dict(part.split(maxsplit=1) for part in response["Content-Security-Policy"].split(";"))
    assert policy["script-src"] == policy["default-src"] == "'self'"
    assert "http" not in response["Content-Security-Policy"]
    assert b"//" not in response.content.replace(b"<!doctype html>", b"")
