"""Analyses over the API: kinds with the schema of their inputs, results without saving, and what is saved."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from portal.analyses import selectors, services
from portal.analyses.models import Analysis, State
from portal.analyses.typed import canonical, decode, digest, encode, schema
from portal.api.serializers import SafeJSONField, StrictSerializer
from portal.api.viewsets import CreateMixin, ListMixin, PortalViewSet, RetrieveMixin, UpdateMixin, number_of
from portal.areas import AnalysisKind, declared
from portal.errors import Invalid, Missing, Problem
from portal.registry.models import System


class AnalysisKindSerializer(StrictSerializer):
    """A declared kind. ``inputs`` is the JSON Schema of what it takes; under unit "%" 1 is the whole."""

    slug = serializers.CharField()
    title = serializers.CharField()
    explain = serializers.CharField()
    engine = serializers.IntegerField()
    levers = serializers.ListField(child=serializers.CharField())
    inputs = serializers.SerializerMethodField()

    def get_inputs(self, kind: AnalysisKind) -> dict[str, Any]:
        return schema(kind.inputs)


class InputsInput(StrictSerializer):
    inputs = SafeJSONField()


class ResultSerializer(StrictSerializer):
    """What a kind makes of inputs. The digest is that of engine, inputs, kind and result, in sorted keys."""

    kind = serializers.CharField()
    engine = serializers.IntegerField()
    inputs = serializers.JSONField()
    result = serializers.JSONField()
    digest = serializers.CharField()


class AnalysisKindViewSet(ListMixin[Analysis], RetrieveMixin[Analysis]):
    """The kinds of analyses that are declared."""

    does = {"*": "analyses.read"}
    serializer_class = AnalysisKindSerializer
    inputs = {"results": InputsInput}
    filter_backends = []
    lookup_field = "slug"

    def get_queryset(self) -> Any:
        return list(declared("analyses"))

    def get_object(self) -> Any:
        return selectors.kind_named(self.kwargs["slug"])

    @extend_schema(responses=ResultSerializer)
    @action(detail=True, methods=["post"])
    def results(self, request: Request, slug: str) -> Response:  # noqa: ARG002 - DRF's signature
        """Compute without saving: the same inputs give the same answer, to the last digit."""
        kind = self.get_object()
        inputs = _decoded(kind, self.validated()["inputs"])
        told = {
            "kind": kind.slug,
            "engine": kind.engine,
            "inputs": encode(inputs),
            "result": encode(kind.compute(inputs)),
        }
        return Response({**told, "digest": f"sha256:{digest(canonical(told))}"})


class AnalysisSerializer(StrictSerializer):
    """A saved analysis. Amounts and rates are text, so that no reader rounds them."""

    ref = serializers.CharField()
    kind = serializers.CharField()
    title = serializers.CharField()
    question = serializers.CharField()
    system = serializers.CharField(source="system.ref")
    state = serializers.ChoiceField(State.choices)
    engine = serializers.IntegerField()
    inputs = serializers.JSONField()
    result = serializers.JSONField()
    choice = serializers.CharField()
    digest = serializers.SerializerMethodField()
    based_on = serializers.CharField(source="based_on.ref", default=None)
    created_by = serializers.CharField(source="created_by.username")
    created_at = serializers.DateTimeField()
    updated_at = serializers.DateTimeField()
    closed_at = serializers.DateTimeField(allow_null=True)
    closing_reason = serializers.CharField()
    page = serializers.CharField(source="get_absolute_url")

    def get_digest(self, analysis: Analysis) -> str:
        return f"sha256:{analysis.digest}"


class AnalysisChange(StrictSerializer):
    title = serializers.CharField(max_length=200, required=False)
    question = serializers.CharField(max_length=4000, required=False, allow_blank=True)
    inputs = SafeJSONField(required=False)


class AnalysisInput(AnalysisChange):
    """A new analysis; ``based_on`` is the reference of the one it varies."""

    kind = serializers.SlugField(max_length=60)
    title = serializers.CharField(max_length=200)
    system = serializers.CharField(max_length=30)
    inputs = SafeJSONField()
    based_on = serializers.CharField(max_length=30, required=False)


class SettingAsideInput(StrictSerializer):
    reason = serializers.CharField(max_length=2000)


class AnalysisViewSet(
    ListMixin[Analysis], RetrieveMixin[Analysis], CreateMixin[Analysis], UpdateMixin[Analysis]
):
    """Saved analyses of the systems a person may see."""

    does = {
        "list": "analyses.read",
        "retrieve": "analyses.read",
        "*": "analyses.write",
    }
    serializer_class = AnalysisSerializer
    inputs = {
        "create": AnalysisInput,
        "partial_update": AnalysisChange,
        "put_aside": SettingAsideInput,
    }
    filterset_fields = ("kind", "state")
    sorts = ("updated_at", "created_at", "title")
    lookup_field = "ref"

    def get_queryset(self) -> QuerySet[Analysis]:
        rows = Analysis.objects.visible_to(self.user, self.declared)
        return rows.select_related("system", "created_by", "based_on")

    def get_object(self) -> Analysis:
        found = self.get_queryset().filter(pk=number_of(self.kwargs["ref"], "ANL")).first()
        if found is None:
            raise Missing
        return found

    def perform_create(self, data: dict[str, Any]) -> Analysis:
        kind = selectors.kind_named(data.pop("kind"))
        system = System.objects.visible_to(self.user, self.declared).with_ref(data.pop("system")).first()
        if system is None:
            raise Missing
        base = data.pop("based_on", None)
        return services.save_analysis(
            kind,
            _decoded(kind, data.pop("inputs")),
            system=system,
            based_on=selectors.analysis_named(self.user, base) if base else None,
            actor=self.user,
            **data,
        )

    def perform_update(self, obj: Analysis, data: dict[str, Any]) -> Analysis:
        if "inputs" in data:
            data["inputs"] = _decoded(obj.declared_kind, data["inputs"])
        return services.change_analysis(obj, actor=self.user, **data)

    @action(detail=True, methods=["post"])
    def put_aside(self, request: Request, ref: str) -> Response:  # noqa: ARG002 - DRF's signature
        """Take a draft off the table."""
        reason = self.validated()["reason"]
        return self.answer(self.change(lambda obj: services.set_aside(obj, actor=self.user, reason=reason)))


class ComparisonView(PortalViewSet[Analysis]):
    """``GET ?of=ANL-1&of=ANL-2``: up to four analyses of one kind, line by line."""

    does = {"list": "analyses.read"}
    filter_backends = []
    parameters = ("of",)

    @extend_schema(responses=OpenApiTypes.OBJECT)
    def list(self, request: Request) -> Response:
        refs = list(dict.fromkeys(request.query_params.getlist("of")))
        if not 1 <= len(refs) <= selectors.MOST:
            raise Invalid(errors=[Problem("?of", f"is named once to {selectors.MOST} times")])
        analyses = [selectors.analysis_named(self.user, ref) for ref in refs]
        rows = selectors.side_by_side(analyses)
        results = [{"line": row.label, "cells": row.cells, "differs": row.differs} for row in rows]
        return Response({"of": refs, "results": results, "next": None, "count": len(results)})


def _decoded(kind: AnalysisKind, data: Any) -> Any:
    """The inputs of the body, with every problem under /inputs."""
    try:
        return decode(kind.inputs, data)
    except Invalid as error:
        told = [Problem(f"/inputs{each.pointer.rstrip('/')}", each.detail) for each in error.errors]
        raise Invalid(error.detail, errors=told) from error
