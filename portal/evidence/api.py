"""Evidence over the API: lists, uploads, downloads."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import FileResponse
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.serializers import StrictSerializer
from portal.api.viewsets import CreateMixin, ListMixin, RetrieveMixin, number_of
from portal.errors import Missing
from portal.evidence import services
from portal.evidence.downloads import answer, refuse_long_bodies
from portal.evidence.models import Evidence, Kind
from portal.registry.models import System


class EvidenceSerializer(StrictSerializer):
    """A piece of evidence as the API shows it."""

    ref = serializers.CharField(read_only=True)
    title = serializers.CharField(read_only=True)
    claim = serializers.CharField(read_only=True)
    kind = serializers.ChoiceField(Kind.choices, read_only=True)
    system = serializers.CharField(source="system.ref", read_only=True, default=None)
    filename = serializers.CharField(read_only=True)
    media_type = serializers.CharField(read_only=True)
    sha256 = serializers.CharField(source="blob_id", read_only=True)
    size = serializers.IntegerField(source="blob.size", read_only=True)
    valid_from = serializers.DateField(read_only=True)
    valid_until = serializers.DateField(read_only=True)
    added_by = serializers.CharField(source="added_by.username", read_only=True, default=None)
    added_at = serializers.DateTimeField(read_only=True)


class NewEvidence(StrictSerializer):
    """A file and what it proves, as multipart."""

    file = serializers.FileField()
    title = serializers.CharField(max_length=200)
    claim = serializers.CharField(max_length=2000)
    valid_from = serializers.DateField(required=False)
    valid_until = serializers.DateField(required=False)


class NewSystemEvidence(NewEvidence):
    """The same, naming its system."""

    system = serializers.CharField(max_length=24)


class Verification(StrictSerializer):
    """Whether the stored bytes still have the digest that was recorded."""

    intact = serializers.BooleanField(read_only=True)
    problem = serializers.CharField(read_only=True, allow_null=True)


class EvidenceViewSet(ListMixin[Evidence], RetrieveMixin[Evidence], CreateMixin[Evidence]):
    """Evidence, of everything one may see or of one system."""

    does = {"create": "evidence.add", "*": "evidence.read"}
    serializer_class = EvidenceSerializer
    inputs = {"create": NewSystemEvidence}
    filterset_fields = ("kind", "blob")
    sorts = ("added_at", "valid_until", "title")
    default_sort = "-added_at"
    lookup_field = "ref"

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        refuse_long_bodies(request)
        super().initial(request, *args, **kwargs)

    def get_parsers(self) -> list[Any]:
        return [MultiPartParser()]

    def get_queryset(self) -> QuerySet[Evidence]:
        rows = Evidence.objects.visible_to(self.user, self.declared)
        return rows.select_related("system", "blob", "added_by")

    def get_object(self) -> Evidence:
        found = self.get_queryset().filter(pk=number_of(self.kwargs["ref"], "EV")).first()
        if found is None:
            raise Missing
        return found

    def perform_create(self, data: dict[str, Any]) -> Evidence:
        system = self.system_named(data.pop("system"))
        file = data.pop("file")
        return services.store(
            file, system=system, filename=file.name, kind=Kind.UPLOADED, actor=self.user, **data
        )

    @extend_schema(responses={(200, "application/octet-stream"): OpenApiTypes.BINARY}, filters=False)
    def download(self, request: Request, ref: str) -> FileResponse:  # noqa: ARG002 - DRF's signature
        return answer(self.get_object(), self.user)

    @extend_schema(request=None, responses=Verification)
    def verify(self, request: Request, ref: str) -> Response:  # noqa: ARG002 - DRF's signature
        problem = services.verify(self.get_object(), actor=self.user)
        return Response({"intact": not problem, "problem": problem or None})

    def system_named(self, ref: str) -> System:
        """The system of a reference, if this person may do the action on it. Raises Missing."""
        systems = System.objects.visible_to(self.user, self.declared)
        found = systems.filter(pk=number_of(ref, "SYS")).first()
        if found is None:
            raise Missing
        return found


class SystemEvidenceViewSet(EvidenceViewSet):
    """Evidence on one system."""

    inputs = {"create": NewEvidence}

    def get_queryset(self) -> QuerySet[Evidence]:
        return super().get_queryset().filter(system=self.system_named(self.kwargs["system"]))

    def perform_create(self, data: dict[str, Any]) -> Evidence:
        return super().perform_create({**data, "system": self.kwargs["system"]})

    def location_of(self, obj: Evidence) -> str:
        return f"/api/v1/evidence/{obj.ref}/"
