"""Whoever knows MLflow knows the portal: its own client registers, searches and meets the gate."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import httpx
import pytest
from mlflow import MlflowClient
from mlflow.exceptions import MlflowException, RestException

from lifecycle.development.services import assign_system, request_release
from portal.audit.models import Entry
from portal.cases.services import cast_vote
from portal.findings.models import Finding
from portal.registry.models import ModelVersion, RegisteredModel
from portal.registry.services import update_system
from tests.lifecycle.development.conftest import Registry

SCHEMA = {"task": "binary", "features": [{"name": "tenure", "type": "number", "nullable": False}]}


def refused(error: pytest.ExceptionInfo[MlflowException]) -> tuple[str, int]:
    """MLflow's code of a refusal and its HTTP status."""
    status: int = error.value.get_http_status_code()  # type: ignore[no-untyped-call]  # MLflow has no types
    return error.value.error_code, status


def names(found: Any) -> list[str]:
    return [model.name for model in found]


# Registering


def test_a_model_comes_back_as_it_was_registered(registry: Registry) -> None:
    client = registry.client(registry.people.erin)
    client.create_registered_model("leaving", tags={"team": "retention"}, description="Who leaves")
    made = client.create_model_version("leaving", "s3://models/leaving/1", run_id="run1", tags={"k": "v"})
    model = client.get_registered_model("leaving")
    assert (model.name, model.description, model.tags) == ("leaving", "Who leaves", {"team": "retention"})
    assert [version.version for version in model.latest_versions] == ["1"]
    version = client.get_model_version("leaving", "1")
    assert (version.source, version.run_id, version.status) == ("s3://models/leaving/1", "run1", "READY")
    assert version.tags == {"k": "v"}
    assert version.current_stage == "None"
    assert version.creation_timestamp == made.creation_timestamp
    assert client.get_model_version_download_uri("leaving", "1") == "s3://models/leaving/1"


def test_tags_are_set_replaced_and_removed(registry: Registry) -> None:
    client = registry.client(registry.people.erin)
    client.create_registered_model("tagged")
    client.create_model_version("tagged", "runs:/r/model")
    client.set_registered_model_tag("tagged", "stage", "draft")
    client.set_registered_model_tag("tagged", "stage", "final")
    client.set_model_version_tag("tagged", "1", "checked", "yes")
    assert client.get_registered_model("tagged").tags == {"stage": "final"}
    assert client.get_model_version("tagged", "1").tags == {"checked": "yes"}
    client.delete_registered_model_tag("tagged", "stage")
    client.delete_registered_model_tag("tagged", "never there")
    client.delete_model_version_tag("tagged", "1", "checked")
    assert client.get_registered_model("tagged").tags == {}
    assert client.get_model_version("tagged", "1").tags == {}


@pytest.mark.parametrize(("key", "value"), [("k" * 251, "v"), ("k", "v" * 100_001)])
def test_a_tag_has_mlflows_lengths(registry: Registry, key: str, value: str) -> None:
    client = registry.client(registry.people.erin)
    with pytest.raises(MlflowException) as error:
        client.create_registered_model("long-tag", tags={key: value})
    assert refused(error) == ("INVALID_PARAMETER_VALUE", 400)


def test_an_alias_moves_from_version_to_version(registry: Registry) -> None:
    client = registry.client(registry.people.erin)
    client.create_registered_model("aliased")
    for _ in range(2):
        client.create_model_version("aliased", "runs:/r/model")
    client.set_registered_model_alias("aliased", "candidate", "1")
    client.set_registered_model_alias("aliased", "candidate", "2")
    assert client.get_model_version_by_alias("aliased", "candidate").version == "2"
    assert client.get_registered_model("aliased").aliases == {"candidate": "2"}
    assert client.get_model_version("aliased", "2").aliases == ["candidate"]
    client.delete_registered_model_alias("aliased", "candidate")
    client.delete_registered_model_alias("aliased", "candidate")
    with pytest.raises(MlflowException, match="alias candidate not found") as error:
        client.get_model_version_by_alias("aliased", "candidate")
    assert refused(error) == ("INVALID_PARAMETER_VALUE", 400)


@pytest.mark.parametrize("alias", ["latest", "v3", "V3", "a b", "a" * 256])
def test_some_words_are_no_alias(registry: Registry, alias: str) -> None:
    token = registry.token(registry.people.erin)
    answer = httpx.post(
        f"{registry.url}/api/2.0/mlflow/registered-models/alias",
        headers={"Authorization": f"Bearer {token}"},
        json={"name": "churn", "alias": alias, "version": "1"},
    )
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


def test_renaming_keeps_versions_and_old_names_answer_nothing(registry: Registry) -> None:
    client = registry.client(registry.people.erin)
    client.create_registered_model("first-name")
    client.create_model_version("first-name", "runs:/r/model")
    client.rename_registered_model("first-name", "second-name")
    assert client.get_model_version("second-name", "1").name == "second-name"
    with pytest.raises(MlflowException) as error:
        client.get_registered_model("first-name")
    assert refused(error) == ("RESOURCE_DOES_NOT_EXIST", 404)


def test_a_version_number_is_never_given_twice(registry: Registry) -> None:
    client = registry.client(registry.people.erin)
    client.create_registered_model("counted")
    for _ in range(2):
        client.create_model_version("counted", "runs:/r/model")
    client.delete_model_version("counted", "2")
    assert client.create_model_version("counted", "runs:/r/model").version == "3"
    with pytest.raises(MlflowException) as error:
        client.get_model_version("counted", "2")
    assert refused(error) == ("RESOURCE_DOES_NOT_EXIST", 404)
    found = client.search_model_versions("name = 'counted'")
    assert {version.version for version in found} == {"1", "3"}


def test_a_deleted_model_is_gone_and_its_name_is_free(registry: Registry) -> None:
    client = registry.client(registry.people.erin)
    client.create_registered_model("short-lived")
    client.create_model_version("short-lived", "runs:/r/model")
    client.delete_registered_model("short-lived")
    with pytest.raises(MlflowException):
        client.get_registered_model("short-lived")
    assert client.create_registered_model("short-lived").latest_versions == []


def test_a_new_version_or_description_touches_the_model_and_a_tag_does_not(registry: Registry) -> None:
    client = registry.client(registry.people.erin)
    before = client.create_registered_model("touched").last_updated_timestamp
    client.create_model_version("touched", "runs:/r/model")
    after = client.get_registered_model("touched").last_updated_timestamp
    assert after > before
    client.update_registered_model("touched", description="Said later")
    said = client.get_registered_model("touched").last_updated_timestamp
    assert said > after
    client.set_registered_model_tag("touched", "team", "x")
    assert client.get_registered_model("touched").last_updated_timestamp == said


@pytest.mark.filterwarnings("ignore:.*stages.*:FutureWarning")
def test_stages_archive_those_before(registry: Registry) -> None:
    client = registry.client(registry.people.erin)
    client.create_registered_model("staged")
    for _ in range(2):
        client.create_model_version("staged", "runs:/r/model")
    client.transition_model_version_stage("staged", "1", "Staging")
    client.transition_model_version_stage("staged", "2", "staging", archive_existing_versions=True)
    newest = client.get_latest_versions("staged", ["Staging", "Archived"])
    assert {version.current_stage: version.version for version in newest} == {"Staging": "2", "Archived": "1"}
    with pytest.raises(MlflowException) as error:
        client.transition_model_version_stage("staged", "1", "Archived", archive_existing_versions=True)
    assert refused(error) == ("INVALID_PARAMETER_VALUE", 400)


def test_a_copied_version_leads_to_the_original_files(registry: Registry) -> None:
    client = registry.client(registry.people.erin)
    client.create_registered_model("original")
    client.create_model_version("original", "s3://models/original")
    copied = client.copy_model_version("models:/original/1", "copied")
    assert client.get_model_version_download_uri("copied", copied.version) == "s3://models/original"


def test_a_prompt_is_registered_and_found_among_prompts_only(registry: Registry) -> None:
    client = registry.client(registry.people.erin)
    client.register_prompt("greeting", "Good day, {{ name }}", tags={"tone": "formal"})
    assert client.get_prompt_version("greeting", 1).template == "Good day, {{ name }}"
    assert [prompt.name for prompt in client.search_prompts("name = 'greeting'")] == ["greeting"]
    assert client.search_registered_models("name = 'greeting'") == []


# Searching


SHELF = ("shelf_a", "shelfXa", "SHELF_b", "shelf_c", "shelf_d")


@pytest.fixture
def shelf(registry: Registry) -> MlflowClient:
    """Five models and a prompt, put there by whichever test comes first."""
    client = registry.client(registry.people.erin)
    if RegisteredModel.objects.filter(name="shelf_prompt").exists():
        return client
    for name in SHELF:
        client.create_registered_model(name, tags={"mark": name[-1], "odd key": "it's"})
        client.create_model_version(name, f"s3://bucket/{name}", run_id=f"run-{name}")
    prompt = {"name": "shelf_prompt", "tags": [{"key": "mlflow.prompt.is_prompt", "value": "true"}]}
    assert raw(registry, "registered-models/create", prompt).status_code == 200
    return client


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("name = 'shelf_a'", ["shelf_a"]),
        ("name LIKE 'shelf_%'", ["shelfXa", "shelf_a", "shelf_c", "shelf_d"]),
        ("name ILIKE 'shelf_b'", ["SHELF_b"]),
        ("name LIKE 'SHELF%'", ["SHELF_b"]),
        ("name IN ('shelf_a', 'shelf_d')", ["shelf_a", "shelf_d"]),
        ("name LIKE 'shelf%' AND name != 'shelf_a'", ["shelfXa", "shelf_c", "shelf_d"]),
        ("name ILIKE 'shelf%' and tags.mark = 'a'", ["shelfXa", "shelf_a"]),
        ("name ILIKE 'shelf%' AND tag.mark != 'a'", ["SHELF_b", "shelf_c", "shelf_d"]),
        ("name ILIKE 'shelf%' AND tags.mark ILIKE 'B'", ["SHELF_b"]),
        ("tags.`odd key` = \"it's\" AND name LIKE '%c'", ["shelf_c"]),
        ("name LIKE '%prompt' AND tags.`mlflow.prompt.is_prompt` = 'true'", ["shelf_prompt"]),
        ("name = 'shelf_prompt'", []),
        ("name = ''' OR 1=1 --'", []),
    ],
)
def test_models_are_found_by_mlflows_grammar(
    shelf: MlflowClient, condition: str, expected: list[str]
) -> None:
    assert sorted(names(shelf.search_registered_models(condition))) == sorted(expected)


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ("name = 'shelf_a'", {"shelf_a"}),
        ("run_id IN ('run-shelf_a','run-shelf_c')", {"shelf_a", "shelf_c"}),
        ("run_id LIKE 'run-shelf%' AND source_path LIKE '%d'", {"shelf_d"}),
        ("name ILIKE 'shelf%' AND version_number > 1", set()),
        ("name = 'shelf_a' AND version_number <= 1", {"shelf_a"}),
    ],
)
def test_versions_are_found_by_mlflows_grammar(
    shelf: MlflowClient, condition: str, expected: set[str]
) -> None:
    assert {version.name for version in shelf.search_model_versions(condition)} == expected


@pytest.mark.parametrize(
    "condition",
    [
        "name",
        "name =",
        "name = unquoted",
        "name = 'a' OR name = 'b'",
        "owner = 'erin'",
        "name > 'a'",
        "name IN 'a'",
        "params.x = 'a'",
        "(name = 'a')",
        "name = 'a' AND",
        "tags.k IN ('a')",
        "name = 'a' name = 'b'",
    ],
)
def test_a_filter_outside_the_grammar_is_told_so(shelf: MlflowClient, condition: str) -> None:
    with pytest.raises(MlflowException) as error:
        shelf.search_registered_models(condition)
    assert refused(error) == ("INVALID_PARAMETER_VALUE", 400)


def test_results_are_ordered_as_asked(shelf: MlflowClient) -> None:
    found = shelf.search_registered_models("name LIKE 'shelf__'", order_by=["name DESC"])
    assert names(found) == sorted(names(found), reverse=True)
    newest = shelf.search_registered_models("name ILIKE 'shelf%'", order_by=["last_updated_timestamp DESC"])
    assert names(newest)[:2] == ["shelf_d", "shelf_c"]
    for order in (["name ASC", "name DESC"], ["owner"], ["name SIDEWAYS"]):
        with pytest.raises(MlflowException) as error:
            shelf.search_registered_models(order_by=order)
        assert refused(error) == ("INVALID_PARAMETER_VALUE", 400)


def test_pages_follow_each_other_without_gap_or_repetition(shelf: MlflowClient) -> None:
    seen: list[str] = []
    token = None
    while True:
        page = shelf.search_registered_models("name ILIKE 'shelf%'", max_results=2, page_token=token)
        assert len(page) <= 2
        seen += names(page)
        token = page.token
        if not token:
            break
    assert sorted(seen) == sorted(SHELF)
    with pytest.raises(MlflowException) as error:
        shelf.search_registered_models(page_token="not base64!")
    assert refused(error) == ("INVALID_PARAMETER_VALUE", 400)


# Who may do what


def test_a_clash_with_a_model_of_another_unit_tells_nothing_of_it(registry: Registry) -> None:
    registry.client(registry.people.erin).create_registered_model("taken", description="secret plan")
    zoe = registry.client(registry.people.zoe)
    with pytest.raises(MlflowException) as error:
        zoe.create_registered_model("taken")
    assert refused(error) == ("RESOURCE_ALREADY_EXISTS", 400)
    told = error.value.message
    assert not any(word in told for word in ("secret", "erin", "Erin", "Marketing", "Churn"))
    assert zoe.search_registered_models("name = 'taken'") == []
    with pytest.raises(MlflowException) as unseen:
        zoe.get_registered_model("taken")
    with pytest.raises(MlflowException) as unknown:
        zoe.get_registered_model("nowhere")
    assert refused(unseen) == refused(unknown) == ("RESOURCE_DOES_NOT_EXIST", 404)
    assert unseen.value.message.replace("taken", "") == unknown.value.message.replace("nowhere", "")


def test_without_a_valid_token_nobody_gets_in(registry: Registry) -> None:
    client = registry.client(registry.people.erin)
    registry.monkeypatch.setenv("MLFLOW_TRACKING_TOKEN", "nonsense")
    with pytest.raises(MlflowException) as error:
        client.search_registered_models()
    assert refused(error) == ("UNAUTHENTICATED", 401)


def test_a_token_for_reading_registers_nothing(registry: Registry) -> None:
    client = registry.client(registry.people.erin, "read")
    with pytest.raises(MlflowException) as error:
        client.create_registered_model("not-allowed")
    assert refused(error) == ("PERMISSION_DENIED", 403)
    assert not RegisteredModel.objects.filter(name="not-allowed").exists()


def test_a_model_from_nowhere_raises_the_question_where_it_belongs(registry: Registry) -> None:
    registry.client(registry.people.erin).create_registered_model("homeless")
    row = RegisteredModel.objects.get(name="homeless")
    assert row.system.unassigned
    finding = Finding.objects.get(dedupe_key=f"development.unassigned:{row.pk}")
    assert "homeless" in finding.title
    assign_system(row, registry.people.churn, actor=registry.people.erin)
    assert not Finding.objects.unclosed().filter(pk=finding.pk).exists()


def test_a_tag_says_to_which_system_a_model_belongs(registry: Registry) -> None:
    client = registry.client(registry.people.erin)
    client.create_registered_model("at-home", tags={"portal.system": registry.people.churn.ref})
    row = RegisteredModel.objects.get(name="at-home")
    assert row.system == registry.people.churn
    assert not Finding.objects.filter(dedupe_key=f"development.unassigned:{row.pk}").exists()
    with pytest.raises(MlflowException) as error:
        client.create_registered_model("stray", tags={"portal.system": registry.people.routing.ref})
    assert refused(error) == ("RESOURCE_DOES_NOT_EXIST", 404)


# The gate


def test_the_champion_alias_is_refused_until_two_members_have_approved(registry: Registry) -> None:
    people = registry.people
    client = registry.client(people.erin)
    client.create_registered_model("gated", tags={"portal.system": people.churn.ref})
    client.create_model_version("gated", "s3://models/gated/1", tags={"portal.schema": json.dumps(SCHEMA)})
    row = ModelVersion.objects.get(model__name="gated", number=1)

    with pytest.raises(RestException) as refusal:
        client.set_registered_model_alias("gated", "champion", "1")
    assert refused(refusal) == ("PERMISSION_DENIED", 403)
    told = refusal.value.message
    assert "Release approval" in told
    assert row.get_absolute_url() in told
    assert client.get_registered_model("gated").aliases == {}
    assert outcomes(row, "alias.set") == ["refused"]

    update_system(people.churn, actor=people.erin, deputy=people.dave)
    freeze(registry, "gated")
    case = request_release(row, actor=people.erin, reason="Better than the last")
    cast_vote(case, actor=people.chen, approve=True, reason="Tested")
    with pytest.raises(RestException):
        client.set_registered_model_alias("gated", "champion", "1")
    cast_vote(case, actor=people.ann, approve=True, reason="Tested too")
    client.set_registered_model_alias("gated", "champion", "1")

    assert client.get_model_version_by_alias("gated", "champion").version == "1"
    assert outcomes(row, "alias.set") == ["refused", "refused", "done"]
    assert outcomes(row, "version.promoted") == ["done"]
    with pytest.raises(MlflowException, match="serves in production") as kept:
        client.delete_model_version("gated", "1")
    assert refused(kept) == ("RESOURCE_CONFLICT", 409)
    with pytest.raises(MlflowException) as evidence:
        client.delete_registered_model("gated")
    assert refused(evidence) == ("RESOURCE_CONFLICT", 409)


def to_stage(client: MlflowClient, name: str) -> None:
    client.transition_model_version_stage(name, "1", "Production")


def to_alias(client: MlflowClient, name: str) -> None:
    client.set_registered_model_alias(name, "production", "1")


@pytest.mark.filterwarnings("ignore:.*stages.*:FutureWarning")
@pytest.mark.parametrize("go_live", [to_stage, to_alias])
def test_every_way_into_production_meets_the_gate(
    registry: Registry, go_live: Callable[[MlflowClient, str], None]
) -> None:
    name = f"way-{go_live.__name__}"
    client = registry.client(registry.people.erin)
    client.create_registered_model(name)
    client.create_model_version(name, "runs:/r/model")
    with pytest.raises(RestException) as refusal:
        go_live(client, name)
    assert refused(refusal) == ("PERMISSION_DENIED", 403)
    assert client.get_model_version(name, "1").current_stage == "None"


def outcomes(row: ModelVersion, action: str) -> list[str]:
    """How each try of an action on a version ended, as the audit has it."""
    entries = Entry.objects.filter(action=action, object_type="registry.modelversion", object_id=row.pk)
    return ["refused" if entry.denied else "done" for entry in entries.order_by("pk")]


def freeze(registry: Registry, name: str) -> None:
    """Freeze a reference the way a program does."""
    rows = [{"features": {"tenure": n % 40}, "score": (n % 10) / 10, "prediction": n % 2} for n in range(400)]
    lines = "\n".join(json.dumps(row) for row in rows)
    answer = httpx.post(
        f"{registry.url}/api/v1/models/{name}/versions/1/reference/",
        headers={
            "Authorization": f"Bearer {registry.token(registry.people.erin)}",
            "Content-Type": "application/x-ndjson",
        },
        content=lines,
    )
    assert answer.status_code == 201, answer.text


# What is not what it should be


@pytest.mark.parametrize(
    "source",
    [
        "/etc/passwd",
        "relative/path",
        "../../etc/passwd",
        "file:../../etc/passwd",
        "file:///models/../../etc/passwd",
        "file:///models/%2e%2e/secret",
        "file:///models/%252e%252e/secret",
        "s3://bucket/%2525252525252541",
        "file:///models/%2E%2E%2Fsecret",
        "file:///models/..%5csecret",
        "s3://bucket/a/../../b",
        "s3://bucket/..\\b",
        "mlflow-artifacts:/a/b/%2e%2e%2f%2e%2e",
        "models:/../1",
        "http://host/#/../..",
        "javascript:alert(1)",
        "data:text/html,x",
        "C:\\Windows\\System32",
        "s3://bucket/\x00",
    ],
)
def test_a_source_that_could_be_a_path_here_is_refused(registry: Registry, source: str) -> None:
    before = ModelVersion.objects.count()
    answer = raw(registry, "model-versions/create", {"name": "churn", "source": source})
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert ModelVersion.objects.count() == before


@pytest.mark.parametrize("name", ["", "a/b", "a:b", "a\x00b", 7, None, ["x"], "n" * 300])
def test_a_name_is_a_name(registry: Registry, name: object) -> None:
    answer = raw(registry, "registered-models/create", {"name": name})
    assert (answer.status_code, answer.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")


@pytest.mark.parametrize("version", ["one", "-1", "99999999999", "1.5", "", {"a": 1}])
def test_a_version_is_a_number_of_the_model(registry: Registry, version: object) -> None:
    answer = raw(registry, "model-versions/set-tag", {"name": "churn", "version": version, "key": "k"})
    assert answer.status_code in {400, 404}
    assert answer.json()["error_code"] in {"INVALID_PARAMETER_VALUE", "RESOURCE_DOES_NOT_EXIST"}


def test_a_body_that_is_no_json_is_told_what_is_missing(registry: Registry) -> None:
    form = raw(registry, "registered-models/create", content=b"name=a", kind="text/plain")
    assert (form.status_code, form.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    broken = raw(registry, "registered-models/create", content=b'{"name": ')
    assert (broken.status_code, broken.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert "not JSON" in broken.json()["message"]
    empty = raw(registry, "registered-models/create", content=b"[]")
    assert (empty.status_code, empty.json()["error_code"]) == (400, "INVALID_PARAMETER_VALUE")
    assert "'name'" in empty.json()["message"]


def test_tracking_calls_are_told_where_to_go(registry: Registry) -> None:
    client = registry.client(registry.people.erin)
    with pytest.raises(MlflowException, match="MLFLOW_REGISTRY_URI") as error:
        client.create_experiment("tracking")
    assert refused(error) == ("ENDPOINT_NOT_FOUND", 404)
    with pytest.raises(MlflowException) as run:
        client.get_run("0" * 32)
    assert refused(run) == ("ENDPOINT_NOT_FOUND", 404)


def raw(
    registry: Registry,
    path: str,
    body: object = None,
    *,
    content: bytes | None = None,
    kind: str = "application/json",
) -> httpx.Response:
    """A call that the client itself would not make."""
    token = registry.token(registry.people.erin)
    return httpx.post(
        f"{registry.url}/api/2.0/mlflow/{path}",
        headers={"Authorization": f"Bearer {token}", "Content-Type": kind},
        content=json.dumps(body).encode() if content is None else content,
    )
