"""The audit over the API: entries, exports with proofs, checkpoints."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import orjson
from django.db.models import QuerySet
from django.http import StreamingHttpResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.serializers import StrictSerializer
from portal.api.viewsets import FastListMixin, ListMixin, PortalViewSet, RetrieveMixin
from portal.audit import export
from portal.audit.canonical import instant
from portal.audit.models import Entry, Seal, sees_everything
from portal.audit.sealing import checkpoint
from portal.audit.services import record_export
from portal.audit.tables import ProgramFilter
from portal.errors import Missing, TooLarge

MOST_EXPORTED = 100_000
"""Entries that one answer carries; the command takes any number."""


class EntrySerializer(StrictSerializer):
    """An entry. ``reason`` to ``facts`` are null for whoever sees only that it happened."""

    id = serializers.IntegerField(read_only=True)
    recorded_at = serializers.DateTimeField(read_only=True)
    happened_at = serializers.DateTimeField(read_only=True)
    actor = serializers.CharField(read_only=True, allow_null=True)
    via = serializers.CharField(read_only=True)
    action = serializers.CharField(read_only=True)
    denied = serializers.BooleanField(read_only=True)
    object_type = serializers.CharField(read_only=True)
    object_id = serializers.CharField(read_only=True)
    label = serializers.CharField(read_only=True)  # type: ignore[assignment] # a field, not the base's label
    system = serializers.CharField(read_only=True, allow_null=True)
    request_id = serializers.CharField(read_only=True)
    reason = serializers.CharField(read_only=True, allow_null=True)
    before = serializers.DictField(read_only=True, allow_null=True)
    after = serializers.DictField(read_only=True, allow_null=True)
    facts = serializers.DictField(read_only=True, allow_null=True)
    seal = serializers.IntegerField(read_only=True, allow_null=True)
    index = serializers.IntegerField(read_only=True, allow_null=True)
    leaf = serializers.CharField(read_only=True)


PLAIN = ("id", "via", "action", "denied", "object_type", "object_id", "label", "request_id")
FULL = ("reason", "before", "after", "facts")
COLUMNS = (
    *PLAIN,
    "recorded_at",
    "happened_at",
    "actor__username",
    "system_id",
    "body",
    "in_full",
    "position__seal",
    "position__index",
    "leaf",
)


def shown(values: dict[str, Any]) -> dict[str, Any]:
    """An entry as the API shows it. Personal values stay commitments."""
    told = orjson.loads(values["body"])
    system = values["system_id"]
    return {
        **{name: values[name] for name in PLAIN},
        "recorded_at": instant(values["recorded_at"]),
        "happened_at": instant(values["happened_at"]),
        "actor": values["actor__username"],
        "system": None if system is None else f"SYS-{system}",
        **{name: told[name] if values["in_full"] else None for name in FULL},
        "seal": values["position__seal"],
        "index": values["position__index"],
        "leaf": bytes(values["leaf"]).hex(),
    }


class EntryViewSet(FastListMixin[Entry], RetrieveMixin[Entry]):
    """Entries, the newest first, of everything one may see."""

    does = "audit.read"
    serializer_class = EntrySerializer
    filterset_class = ProgramFilter
    sorts = ("happened_at", "id")
    default_sort = "-happened_at,-id"
    columns = COLUMNS

    def get_queryset(self) -> QuerySet[Entry]:
        return Entry.objects.visible_to(self.user)

    def row(self, values: dict[str, Any]) -> Mapping[str, Any]:
        return shown(values)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002 - DRF's signature
        values = self.get_queryset().filter(pk=kwargs["pk"]).values(*COLUMNS).first()
        if values is None:
            raise Missing
        return Response(shown(values))


class ExportViewSet(PortalViewSet[Entry]):
    """Entries with the seals that cover them and the proofs, as NDJSON for ``verifier.py``.

    Without filters, for whoever reads everything, it is complete: it then proves that nothing is missing.
    """

    does = "audit.export.read"
    filterset_class = ProgramFilter

    def get_queryset(self) -> QuerySet[Entry]:
        return Entry.objects.exportable_by(self.user)

    @extend_schema(responses={(200, "application/x-ndjson"): OpenApiTypes.BINARY})
    def list(self, request: Request) -> StreamingHttpResponse:
        """The export, line by line. The audit knows who took it."""
        entries = self.filter_queryset(self.get_queryset())
        complete = not request.query_params and sees_everything(self.user, self.declared)
        count = entries.count()
        if count > MOST_EXPORTED:
            raise TooLarge(
                f"{count} entries are too many for one answer; filter to {MOST_EXPORTED} or fewer, or run"
                " manage.py export_audit."
            )
        record_export(actor=self.user, complete=complete, entries=count, filters=request.query_params.dict())
        response = StreamingHttpResponse(
            export.lines(None if complete else entries), content_type="application/x-ndjson"
        )
        response["Content-Disposition"] = 'attachment; filename="audit.ndjson"'
        return response


class CheckpointSerializer(StrictSerializer):
    """A seal with its public key, as it stands in the anchor."""

    number = serializers.IntegerField(read_only=True)
    sealed_at = serializers.DateTimeField(read_only=True)
    size = serializers.IntegerField(read_only=True)
    root = serializers.CharField(read_only=True)  # type: ignore[assignment] # a field, not the base's root
    previous = serializers.CharField(read_only=True)
    digest = serializers.CharField(read_only=True)
    key = serializers.CharField(read_only=True)
    public = serializers.CharField(read_only=True)
    signature = serializers.CharField(read_only=True)


class CheckpointViewSet(ListMixin[Seal]):
    """Seals, the newest first: what a copy kept elsewhere is compared with."""

    does = "audit.read"
    serializer_class = CheckpointSerializer
    sorts = ("number",)
    default_sort = "-number"

    def get_queryset(self) -> QuerySet[Seal]:
        return Seal.objects.select_related("key")

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002 - DRF's signature
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response([checkpoint(seal) for seal in page or ()])
