"""How programs send predictions, outcomes and attributes, declare and freeze, and read windows."""

from __future__ import annotations

import io
from collections.abc import Callable
from datetime import UTC, date, datetime
from typing import IO, Any, ClassVar

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiParameter, extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from lifecycle.data.schema import Task, schema_as_json
from lifecycle.data.services import declare_schema, schema_of
from monitoring.checks import DRIFT
from monitoring.incoming import MAX_ROWS_AT_ONCE, read_body
from monitoring.incoming.bodies import Body, content_type_of
from monitoring.incoming.tables import PREDICTION
from monitoring.jobs.loading import row_fields
from monitoring.models import Kind
from monitoring.pictures import drift_figure
from monitoring.selectors import GRAINS, windows_of
from monitoring.services.ingestion import (
    OnInvalid,
    Receipt,
    ingest_attributes,
    ingest_outcomes,
    ingest_predictions,
)
from monitoring.services.loading import accept_upload
from monitoring.services.references import freeze_reference
from portal.api.parsers import SafeJSONParser, Untouched
from portal.api.serializers import StrictSerializer
from portal.api.viewsets import Endpoint
from portal.areas import Check, Window
from portal.checks.api import EvaluationSerializer
from portal.checks.models import Evaluation
from portal.checks.selectors import as_json, history
from portal.errors import Invalid, Missing, Problem, TooLarge, Unprocessable
from portal.registry.models import ModelVersion

AT_ONCE = 20_000_000
"""Bytes of a body that are loaded before the answer; a larger one is loaded by a job."""
LARGEST_REFERENCE = 200_000_000
FIGURE_WINDOWS = 104


ROWS: dict[str, Any] = {
    "application/json": {"type": "array", "items": {"type": "object"}},
    "application/x-ndjson": {"type": "string"},
    "text/csv": {"type": "string"},
    "application/vnd.apache.parquet": {"type": "string", "format": "binary"},
}
"""The formats of a delivery, for the document."""


class ReceiptSerializer(StrictSerializer):
    """What became of the rows of a delivery."""

    batch = serializers.IntegerField()
    received = serializers.IntegerField()
    accepted = serializers.IntegerField()
    duplicates = serializers.IntegerField()
    refused = serializers.IntegerField()
    parked = serializers.IntegerField()
    quarantine_url = serializers.CharField(allow_null=True)
    windows = serializers.ListField(child=serializers.DateField())


class ReferenceSerializer(StrictSerializer):
    """A frozen reference."""

    number = serializers.IntegerField()
    n = serializers.IntegerField()
    digest = serializers.CharField()
    frozen_at = serializers.DateTimeField()
    features = serializers.ListField(child=serializers.DictField())
    unusable = serializers.DictField(child=serializers.CharField())


class SchemaSerializer(StrictSerializer):
    """The declared inputs of a version."""

    task = serializers.ChoiceField([task.value for task in Task])
    positive = serializers.CharField()
    favourable = serializers.CharField()
    features = serializers.ListField(child=serializers.DictField())


class WindowStateSerializer(StrictSerializer):
    """One window and how much of it has come in."""

    start = serializers.DateTimeField()
    end = serializers.DateTimeField()
    revision = serializers.IntegerField()
    n = serializers.IntegerField()
    labelled = serializers.IntegerField()
    labelled_share = serializers.FloatField(allow_null=True)
    state = serializers.ChoiceField(["open", "maturing", "mature"])


class OfVersion(Endpoint):
    """An address below one version of a model."""

    def version(self) -> ModelVersion:
        """The version of the address, on which this person may do the action. Raises Missing."""
        visible = ModelVersion.objects.live().visible_to(self.user, self.declared)
        found: QuerySet[ModelVersion] = visible.select_related("model__system__unit")
        row = found.filter(model__name=self.kwargs["name"], number=self.kwargs["number"]).first()
        if row is None:
            raise Missing
        return row

    def stream(self) -> IO[bytes]:
        """The body, unread. Raises Invalid without one: there is no stream then."""
        given: Any = self.request.data
        if not hasattr(given, "read"):
            raise Invalid("The body is empty.")
        stream: IO[bytes] = given
        return stream


class Delivery(OfVersion):
    """``POST`` a batch of rows: JSON array, NDJSON, CSV or Parquet by content type.

    Up to 20 MB or 100 000 rows are stored before the answer; more answers 202 and is loaded by a run.
    """

    parser_classes = [Untouched]
    kind: ClassVar[Kind]
    ingest: ClassVar[Callable[..., Receipt]]

    @extend_schema(
        request=ROWS,
        parameters=[OpenApiParameter("on_invalid", enum=[word.value for word in OnInvalid])],
        responses={200: ReceiptSerializer, 201: ReceiptSerializer, 202: OpenApiTypes.OBJECT},
    )
    def post(self, request: Request, name: str, number: int) -> Response:  # noqa: ARG002 - the route's
        version = self.version()
        content_type = content_type_of(request.content_type or "")
        on_invalid = _on_invalid(request)
        stream = self.stream()
        head = stream.read(AT_ONCE + 1)
        if len(head) > AT_ONCE:
            return self._later(version, _rest(head, stream), content_type, on_invalid)
        body = read_body(head, content_type, row_fields(self.kind, version))
        if body.rows > MAX_ROWS_AT_ONCE:
            return self._later(version, io.BytesIO(head), content_type, on_invalid)
        receipt = type(self).ingest(version, body, actor=self.user, on_invalid=on_invalid)
        return Response(receipt.as_dict(), status=201 if receipt.batch.accepted else 200)

    def _later(
        self, version: ModelVersion, content: IO[bytes], content_type: str, on_invalid: OnInvalid
    ) -> Response:
        run = accept_upload(
            version, self.kind, content, content_type=content_type, on_invalid=on_invalid, actor=self.user
        )
        where = f"/api/v1/runs/{run.pk}/"
        return Response({"run": where, "state": run.state}, status=202, headers={"Location": where})


class PredictionDelivery(Delivery):
    """Predictions, each ``{prediction_id, event_time, features, score, prediction, segment}``."""

    does = {"post": "monitoring.ingest"}
    kind = Kind.PREDICTIONS
    ingest = ingest_predictions


class OutcomeDelivery(Delivery):
    """Outcomes, each ``{prediction_id, outcome, observed_at}``."""

    does = {"post": "monitoring.ingest"}
    kind = Kind.OUTCOMES
    ingest = ingest_outcomes


class AttributeDelivery(Delivery):
    """Protected attributes, each ``{prediction_id, <attribute>: …}``; into the restricted store."""

    does = {"post": "monitoring.ingest_attributes"}
    kind = Kind.ATTRIBUTES
    ingest = ingest_attributes


class SchemaDeclaration(OfVersion):
    """The declared inputs of a version."""

    does = {"get": "registry.read", "put": "data.declare"}
    parser_classes = [SafeJSONParser]

    @extend_schema(responses=SchemaSerializer)
    def get(self, request: Request, name: str, number: int) -> Response:  # noqa: ARG002 - the route's
        schema = schema_of(self.version())
        if schema is None:
            raise Missing("The version has not declared its inputs.")
        return Response(schema_as_json(schema))

    @extend_schema(request=SchemaSerializer, responses=SchemaSerializer)
    def put(self, request: Request, name: str, number: int) -> Response:  # noqa: ARG002 - the route's
        return Response(schema_as_json(declare_schema(self.version(), request.data, actor=self.user)))


class ReferenceDelivery(OfVersion):
    """``POST`` the rows to freeze as reference; answers with its number, digest and size."""

    does = {"get": "monitoring.read", "post": "monitoring.freeze"}
    parser_classes = [Untouched]

    @extend_schema(responses=ReferenceSerializer)
    def get(self, request: Request, name: str, number: int) -> Response:  # noqa: ARG002 - the route's
        newest = self.version().references.order_by("-number").first()
        if newest is None:
            raise Missing("The version has no reference.")
        return Response(_reference(newest))

    @extend_schema(request=ROWS, responses={201: ReferenceSerializer})
    def post(self, request: Request, name: str, number: int) -> Response:  # noqa: ARG002 - the route's
        version = self.version()
        content_type = content_type_of(request.content_type or "")
        raw = self.stream().read(LARGEST_REFERENCE + 1)
        if len(raw) > LARGEST_REFERENCE:
            raise TooLarge("A reference file has at most 200 MB. A sample of the training rows is enough.")
        body: Body = read_body(raw, content_type, (*PREDICTION, "outcome"))
        if not body.rows:
            raise Unprocessable("The file has no rows.")
        return Response(_reference(freeze_reference(version, body, actor=self.user)), status=201)


class Windows(OfVersion):
    """The windows of a version: how many rows, how many with outcomes, which revision, which state."""

    does = {"get": "monitoring.read"}

    @extend_schema(
        parameters=[
            OpenApiParameter("grain", enum=list(GRAINS)),
            OpenApiParameter("since", OpenApiTypes.DATE),
        ],
        responses=WindowStateSerializer(many=True),
    )
    def get(self, request: Request, name: str, number: int) -> Response:  # noqa: ARG002 - the route's
        grain = request.query_params.get("grain", "day")
        since = _day(request.query_params.get("since"))
        windows = windows_of(self.version(), grain=grain, since=since)
        return Response(
            {"results": [window.as_dict() for window in windows], "next": None, "count": len(windows)}
        )


def _on_invalid(request: Request) -> OnInvalid:
    given = request.query_params.get("on_invalid", OnInvalid.REJECT)
    try:
        return OnInvalid(given)
    except ValueError as error:
        raise Invalid(errors=[Problem("?on_invalid", "is reject or quarantine")]) from error


def _day(text: str | None) -> date | None:
    if text is None:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid(errors=[Problem("?since", "is a day such as 2026-10-01")]) from error


def _rest(head: bytes, stream: IO[bytes]) -> IO[bytes]:
    """The whole of a body whose beginning has been read, refused beyond the largest size."""
    return _Joined(head, stream)  # type: ignore[return-value]  # it reads, and nothing else is asked of it


class _Joined:
    """What was read, and then the rest."""

    def __init__(self, head: bytes, stream: IO[bytes]) -> None:
        self.head = io.BytesIO(head)
        self.stream = stream

    def read(self, size: int) -> bytes:
        return self.head.read(size) or self.stream.read(size)


def _reference(row: Any) -> dict[str, Any]:
    return {
        "number": row.number,
        "n": row.n,
        "digest": row.digest,
        "frozen_at": row.frozen_at,
        "features": [{"name": f.name, "kind": f.kind, "bins": f.size} for f in row.frozen.features],
        "unusable": dict(row.frozen.unusable),
    }


class EvaluationOf(OfVersion):
    """What one check found of the version: its newest window, or the one named by ``?window=START/END``."""

    does = {"get": "monitoring.read"}
    check: ClassVar[Check] = DRIFT

    def evaluation(self) -> Evaluation:
        """The newest revision of the window asked for. Raises Missing."""
        found = Evaluation.objects.current().of(self.version()).filter(check_slug=self.check.slug)
        if asked := self.request.query_params.get("window"):
            window = _window(asked)
            found = found.filter(window_start=window.start, window_end=window.end)
        newest = found.order_by("-window_end").first()
        if newest is None:
            raise Missing("There is no evaluation of this window yet.")
        return newest

    @extend_schema(
        parameters=[OpenApiParameter("window"), OpenApiParameter("segment")], responses=EvaluationSerializer
    )
    def get(self, request: Request, name: str, number: int) -> Response:  # noqa: ARG002 - the route's
        body = as_json(self.evaluation())
        segment = request.query_params.get("segment")
        if segment is not None:
            body["readings"] = [r for r in body["readings"] if (r["segment"] or "") == segment]
        return Response(body)


class DriftFigure(OfVersion):
    """The drift of a version as a Plotly figure: features by windows."""

    does = {"get": "monitoring.read"}

    @extend_schema(parameters=[OpenApiParameter("segment")], responses=OpenApiTypes.OBJECT)
    def get(self, request: Request, name: str, number: int) -> Response:  # noqa: ARG002 - the route's
        segment = request.query_params.get("segment") or None
        newest = history(DRIFT, self.version()).order_by("-window_end")[:FIGURE_WINDOWS]
        past = list(newest)[::-1]
        return Response(drift_figure(past, segment))


def _window(text: str) -> Window:
    try:
        start, _, end = text.partition("/")
        return Window(_instant(start), _instant(end))
    except ValueError as error:
        raise Invalid(errors=[Problem("?window", "is START/END, two instants with a zone")]) from error


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text.replace(" ", "+")).astimezone(UTC)
