"""Three lines take a model into the portal."""

from __future__ import annotations

import math
from typing import Any

import pandas as pd
import pytest
from sklearn.linear_model import LinearRegression, LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import aiportal as portal
from aiportal.estimators import importances, label
from aiportal.frames import columns
from aiportal.inputs import schema_of
from portal.registry.models import ModelVersion, RegisteredModel
from tests.client.conftest import Office

AGES = [20.0, 30.0, 40.0, 50.0, 60.0, 70.0] * 20
TENURE = [1, 2, 3, 4, 5, 6, 7, 8] * 15
LEAVES = [int(age > 45) for age in AGES]


@pytest.fixture
def rows() -> pd.DataFrame:
    return pd.DataFrame({"age": AGES, "tenure": TENURE})


def test_three_lines_register_a_model_and_print_the_gate(
    office: Office, rows: pd.DataFrame, capsys: pytest.CaptureFixture[str]
) -> None:
    clf = LogisticRegression().fit(rows, LEAVES)

    model = portal.model("leaving")
    version = model.register(clf, rows, metrics={"auc": 0.91}, y=LEAVES)

    printed = capsys.readouterr().out
    assert f"{office.url}/models/leaving/v/1/" in printed
    assert "leaving v1 to production: closed" in printed
    assert "failed   Release approval" in printed
    assert version.notes == ()
    row = ModelVersion.objects.get(model__name="leaving", number=version.number)
    assert row.metrics == {"auc": 0.91}
    assert row.facts["framework"] == "scikit-learn"
    assert row.facts["packages"]["scikit-learn"] == row.facts["framework_version"]
    assert row.facts["artefact_bytes"] > 100
    assert row.facts["latency"]["rows"] == 100
    assert len(row.facts["git_commit"]) == 40
    reference = version.connection.get(f"{version.path}reference/")
    assert (reference["n"], len(reference["features"])) == (120, 2)


def test_the_declared_inputs_are_those_of_the_training_rows(office: Office, rows: pd.DataFrame) -> None:
    clf = LogisticRegression().fit(rows, LEAVES)
    rows["plan"] = pd.Categorical(["basic", "plus"] * 60)
    version = portal.model("leaving").register(None, rows, schema={"task": "binary"}, quiet=True)
    schema = version.connection.get(f"{version.path}schema/")
    by_name = {field["name"]: field for field in schema["features"]}
    assert by_name["age"]["type"] == "number"
    assert by_name["tenure"]["type"] == "integer"
    assert by_name["plan"] == {
        "name": "plan",
        "type": "category",
        "nullable": True,
        "role": "feature",
    }
    found = schema_of(clf, columns(rows[["age", "tenure"]]), None, limits=False)
    assert found is not None
    assert (found["task"], found["positive"]) == ("binary", "1")
    assert [field["nullable"] for field in found["features"]] == [False, False]


def test_limits_are_declared_only_when_asked_for(rows: pd.DataFrame) -> None:
    clf = LogisticRegression().fit(rows, LEAVES)
    rows["plan"] = pd.Categorical(["basic", "plus"] * 60)
    without = schema_of(clf, columns(rows), None, limits=False)
    with_limits = schema_of(clf, columns(rows), None, limits=True)
    assert without is not None
    assert with_limits is not None
    assert "min" not in without["features"][0]
    assert all("categories" not in field for field in without["features"])
    assert with_limits["features"][-1]["categories"] == ["basic", "plus"]
    assert (with_limits["features"][0]["min"], with_limits["features"][0]["max"]) == (20.0, 70.0)


def test_what_a_person_says_overrides_what_was_found(rows: pd.DataFrame) -> None:
    clf = LogisticRegression().fit(rows, LEAVES)
    said = {"favourable": "0", "features": {"age": {"role": "both"}, "sex": {"type": "string"}}}
    schema = schema_of(clf, columns(rows), said, limits=False)
    assert schema is not None
    assert schema["favourable"] == "0"
    assert schema["features"][0]["role"] == "both"
    assert schema["features"][2] == {"name": "sex", "type": "string"}


def test_importance_does_not_depend_on_the_unit_of_a_feature(rows: pd.DataFrame) -> None:
    target = [2 * age + 30 * tenure for age, tenure in zip(AGES, TENURE, strict=True)]
    in_months = rows.assign(age=rows["age"] * 12)
    years = importances(LinearRegression().fit(rows, target), columns(rows))
    months = importances(LinearRegression().fit(in_months, target), columns(in_months))
    scaled = importances(make_pipeline(StandardScaler(), LinearRegression()).fit(rows, target), columns(rows))
    assert math.isclose(sum(years.values()), 1, abs_tol=1e-5)
    assert years["age"] == pytest.approx(months["age"], abs=1e-5)
    assert years["age"] == pytest.approx(scaled["age"], abs=1e-5)


def test_an_unknown_model_is_made_in_the_system_that_is_named(office: Office) -> None:
    churn = office.people.churn
    portal.model("in-churn", system=churn.ref).register(quiet=True)
    portal.model("anywhere").register(quiet=True)
    assert RegisteredModel.objects.get(name="in-churn").system == churn
    assert RegisteredModel.objects.get(name="anywhere").system.unassigned


def test_the_next_registration_is_the_next_version(office: Office) -> None:
    numbers = [portal.model("again").register(quiet=True).number for _ in range(2)]
    assert numbers == [1, 2]


def test_a_metric_that_is_not_a_number_is_none(office: Office) -> None:
    version = portal.model("odd").register(metrics={"auc": math.nan, "loss": math.inf, "n": 3}, quiet=True)
    row = ModelVersion.objects.get(model__name="odd", number=version.number)
    assert row.metrics == {"auc": None, "loss": None, "n": 3}


def test_what_cannot_be_declared_is_said_and_undoes_nothing(office: Office) -> None:
    version = portal.model("bare").register(quiet=True)
    assert "No inputs declared" in version.notes[0]
    wrong = portal.model("bare").register(schema={"task": "guess", "features": [{"name": "a"}]}, quiet=True)
    assert wrong.number == 2
    assert "The schema has mistakes" in wrong.notes[0]


def test_a_token_for_registering_alone_declares_and_freezes_too(office: Office, rows: pd.DataFrame) -> None:
    clf = LogisticRegression().fit(rows, LEAVES)
    office.sign_in(office.people.erin, "read", "register")
    version = portal.model("from-a-pipeline").register(clf, rows, quiet=True)
    assert version.notes == ()
    with pytest.raises(portal.Refused, match="scope"):
        version.log_predictions([{"prediction_id": "p", "event_time": "2026-10-01T00:00:00Z"}])


def test_promoting_through_a_closed_gate_raises_with_its_rows(office: Office) -> None:
    version = office.version()
    with pytest.raises(portal.GateClosed) as refusal:
        version.promote()
    closed = [gate for gate in refusal.value.gates if gate.refuses]
    assert "release-approval" in {gate.name for gate in closed}
    assert all(gate.fix_url.startswith(office.url) for gate in closed)
    assert not version.gate().allowed


def test_a_model_of_another_unit_looks_like_none_and_its_name_is_taken(office: Office) -> None:
    office.version()
    office.sign_in(office.people.zoe)
    with pytest.raises(portal.Refused, match="is taken"):
        portal.model("churn").register(quiet=True)


def test_a_wrong_token_is_told_apart_from_a_refusal(office: Office, monkeypatch: Any) -> None:
    monkeypatch.setenv("PORTAL_TOKEN", "nonsense")
    with pytest.raises(portal.NotSignedIn):
        portal.model("churn").register(quiet=True)
    monkeypatch.delenv("PORTAL_TOKEN")
    with pytest.raises(portal.NotSignedIn, match="aiportal login"):
        portal.model("churn")


@pytest.mark.parametrize(
    ("value", "text"), [(True, "true"), (1, "1"), (1.0, "1"), (0.5, "0.5"), ("yes", "yes"), (math.nan, None)]
)
def test_a_label_is_written_as_the_portal_writes_it(value: object, text: str | None) -> None:
    assert label(value) == text
