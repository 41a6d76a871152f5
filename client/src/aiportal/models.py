"""Models and their versions, as a program sees them."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from aiportal import environment, estimators
from aiportal.connection import Connection, part
from aiportal.deliveries import Kind, OnInvalid, deliver
from aiportal.errors import GateClosed, PortalError, Refused
from aiportal.frames import columns, missing_as_none, pieces, reference_piece, size, thinned
from aiportal.gates import GateReport, report_of
from aiportal.inputs import features_of, schema_of
from aiportal.receipts import Receipt

PRODUCTION = "production"
SYSTEM_TAG = "portal.system"
REFERENCE_ROWS = 20_000
"""Rows of the training data that a reference is frozen from."""


@dataclass(frozen=True, slots=True)
class Model:
    """A name in the registry. It is made there with its first version, if it is not known."""

    connection: Connection = field(repr=False)
    name: str
    system: str | None = None
    """The system it is made in, such as ``SYS-12``; without one the portal asks where it belongs."""

    def register(  # noqa: PLR0917 - the order everybody knows from fit
        self,
        estimator: Any = None,
        X: Any = None,  # noqa: N803 - what everybody calls it
        metrics: Mapping[str, Any] | None = None,
        source: str | None = None,
        description: str = "",
        tags: Mapping[str, str] | None = None,
        schema: Mapping[str, Any] | None = None,
        *,
        y: Any = None,
        reference: bool = True,
        limits: bool = False,
        quiet: bool = False,
    ) -> Version:
        """Register the next version with everything that can be read from the code.

        ``X`` are training rows: their names and types become the declared inputs. ``limits`` declares their
        least and largest values and their categories too, so that rows outside are refused when they
        are posted; without it they are taken and seen as drift. ``schema`` overrides what was found, see
        ``inputs.schema_of``. ``reference`` freezes a sample of ``X``, with the predictions of the
        estimator and the outcomes ``y``. Prints the page and the release gate unless ``quiet``.

        What cannot be declared or frozen does not undo the registration; ``Version.notes`` says why.
        Raises NotSignedIn, Unreachable, Refused.
        """
        if y is not None and size(y) != size(X):
            raise ValueError(f"y has {size(y)} values for {size(X)} rows of X")
        features = features_of(estimator, X, whole=limits)
        declared = schema_of(estimator, features, schema, limits=limits)
        body = {
            "source": source or "",
            "description": description,
            "tags": {str(name): str(value) for name, value in (tags or {}).items()},
            "facts": _facts(estimator, X),
            "metrics": {str(name): _number(value) for name, value in (metrics or {}).items()},
        }
        self._create_if_unknown(description)
        made = self.connection.post(f"models/{part(self.name)}/versions/", body)
        version = self.version(int(made["version"]))
        notes = list(_declare(version, declared))
        if declared is not None and not notes and reference and X is not None and size(X):
            notes += _freeze(version, estimator, X, y, declared)
        version = self.version(version.number, notes=tuple(notes))
        if not quiet:
            _tell(version)
        return version

    def version(self, number: int, *, notes: tuple[str, ...] = ()) -> Version:
        """A version by its number, without asking whether it exists."""
        return Version(self.connection, self.name, number, notes)

    def latest(self) -> Version:
        """The newest version. Raises Refused (404) for an unknown model or one without versions."""
        path = f"models/{part(self.name)}/versions/"
        found = self.connection.get(path, limit=1, sort="-version")["results"]
        if not found:
            raise Refused(404, {"detail": f"{self.name} has no version that you may see."})
        return self.version(int(found[0]["version"]))

    def _create_if_unknown(self, description: str) -> None:
        try:
            self.connection.get(f"models/{part(self.name)}/")
        except Refused as refusal:
            if refusal.status != 404:
                raise
            self._create(description)

    def _create(self, description: str) -> None:
        """In its system by the native API; without one by MLflow's, which asks where it belongs."""
        if self.system:
            body = {"name": self.name, "system": self.system, "description": description}
            self.connection.post("models/", body)
            return
        path = "/api/2.0/mlflow/registered-models/create"
        try:
            self.connection.call("POST", path, json={"name": self.name, "description": description})
        except Refused as refusal:
            if refusal.problem.get("error_code") == "RESOURCE_ALREADY_EXISTS":
                taken = f"The name {self.name!r} is taken, by a model that you may not see or was just made."
                raise Refused(409, {"detail": taken}) from refusal
            raise


@dataclass(frozen=True, slots=True)
class Version:
    """One version of a model. ``notes`` say what could not be done at its registration."""

    connection: Connection = field(repr=False)
    model: str
    number: int
    notes: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """Its address below ``/api/v1/``."""
        return f"models/{part(self.model)}/versions/{self.number}/"

    @property
    def url(self) -> str:
        """Its page."""
        return self.connection.absolute(f"/models/{part(self.model)}/v/{self.number}/")

    def gate(self, environment: str = PRODUCTION) -> GateReport:
        """What every gate of an environment says now."""
        return self._report(self.connection.get(f"{self.path}gates/", environment=environment), environment)

    def promote(self, environment: str = PRODUCTION) -> dict[str, Any]:
        """Make it the primary of an environment. Raises GateClosed with the gates' answers."""
        try:
            made: dict[str, Any] = self.connection.post(
                f"{self.path}promotions/", {"environment": environment}
            )
        except Refused as refusal:
            if not refusal.problem.get("gates"):
                raise
            report = self._report(refusal.problem, environment)
            raise GateClosed(refusal.status, refusal.problem, report) from refusal
        return made

    def log_predictions(
        self,
        frame: Any,
        *,
        at: datetime | None = None,
        rename: Mapping[str, str] | None = None,
        on_invalid: OnInvalid = "reject",
    ) -> Receipt:
        """Send predictions: an Arrow table, a pandas or polars frame, or a list of dicts.

        Columns ``prediction_id``, ``event_time`` (or ``at`` for all rows, with a zone), ``score``,
        ``prediction``, ``segment.…``; all others are features. Sent again, rows add nothing. Rows wait in
        the queue while the portal cannot be reached. Raises RowsRefused, with ``quarantine`` only for a
        delivery that cannot be read at all.
        """
        return self._log("predictions", frame, {"event_time": at}, rename, on_invalid)

    def log_outcomes(
        self,
        frame: Any,
        *,
        at: datetime | None = None,
        rename: Mapping[str, str] | None = None,
        on_invalid: OnInvalid = "reject",
    ) -> Receipt:
        """Send outcomes: ``prediction_id``, ``outcome``, ``observed_at`` (or ``at``; else now)."""
        return self._log("outcomes", frame, {"observed_at": at}, rename, on_invalid)

    def log_attributes(
        self, frame: Any, *, rename: Mapping[str, str] | None = None, on_invalid: OnInvalid = "reject"
    ) -> Receipt:
        """Send protected attributes that the schema declares, beside ``prediction_id``."""
        return self._log("attributes", frame, {}, rename, on_invalid)

    def _log(
        self,
        kind: Kind,
        frame: Any,
        constants: Mapping[str, datetime | None],
        rename: Mapping[str, str] | None,
        on_invalid: OnInvalid,
    ) -> Receipt:
        parts = pieces(frame, nests=kind == "predictions", rename=rename, constants=constants)
        return deliver(self.connection, f"{self.path}{kind}/", parts, on_invalid=on_invalid)

    def _report(self, answer: Mapping[str, Any], environment: str) -> GateReport:
        return report_of(
            answer,
            model=self.model,
            version=self.number,
            environment=environment,
            absolute=self.connection.absolute,
        )


def _facts(estimator: Any, frame: Any) -> dict[str, Any]:
    found = environment.facts()
    if frame is not None:
        found["training_rows"] = size(frame)
    if estimator is None:
        return found
    found["estimator"] = f"{type(estimator).__module__}.{type(estimator).__qualname__}"
    if framework := estimators.framework_of(estimator):
        found["framework"], found["framework_version"] = framework
    found["artefact_bytes"] = estimators.pickled_bytes(estimator)
    found["latency"] = estimators.latency(estimator, frame)
    return found


def _number(value: Any) -> Any:
    """A metric as JSON has it; one that is not a finite number is None."""
    plain = missing_as_none(value)
    return None if isinstance(plain, float) and plain in {float("inf"), float("-inf")} else plain


def _declare(version: Version, schema: Mapping[str, Any] | None) -> Sequence[str]:
    if schema is None:
        return ["No inputs declared: the task or the inputs are unknown. Give X, or schema={'task': …}."]
    try:
        version.connection.put(f"{version.path}schema/", schema)
    except PortalError as error:
        return [f"No inputs declared: {error}"]
    return []


def _freeze(version: Version, estimator: Any, frame: Any, y: Any, schema: Mapping[str, Any]) -> Sequence[str]:
    sample = thinned(frame, REFERENCE_ROWS)
    names = [str(name) for name in getattr(estimator, "feature_names_in_", ())]
    beside = estimators.predictions(estimator, sample)
    if y is not None:
        beside["outcome"] = _outcomes(y)
    declared = {each["name"] for each in schema["features"]}
    features = [column for column in columns(sample, names) if column.name in declared]
    piece = reference_piece(features, beside)
    headers = {"Content-Type": piece.content_type}
    try:
        version.connection.post(f"{version.path}reference/", content=piece.body, headers=headers)
    except PortalError as error:
        return [f"No reference frozen: {error}"]
    return []


def _outcomes(y: Any) -> list[str | None]:
    """The labels of the rows of the sample."""
    kept = thinned(y, REFERENCE_ROWS)
    return [estimators.label(value) for value in (kept.tolist() if hasattr(kept, "tolist") else list(kept))]


def _tell(version: Version) -> None:
    """Say on the terminal, or in the notebook, what has happened."""
    for note in version.notes:
        sys.stderr.write(f"{note}\n")
    gate = version.gate().text(colour=sys.stdout.isatty())
    sys.stdout.write(f"{version.model} v{version.number} registered: {version.url}\n{gate}\n")
