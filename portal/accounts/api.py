"""People, units and tokens over the API, and the numbers for Prometheus."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from django.http import HttpResponse
from prometheus_client import CONTENT_TYPE_LATEST, generate_latest
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response

from portal.accounts import services
from portal.accounts.models import SCOPES, ApiToken, Unit, User
from portal.api.serializers import StrictSerializer
from portal.api.viewsets import CreateMixin, DestroyMixin, Endpoint, ListMixin, RetrieveMixin


class UnitSerializer(StrictSerializer):
    slug = serializers.SlugField(max_length=80)
    name = serializers.CharField(max_length=120)
    parent = serializers.SlugRelatedField(  # type: ignore[assignment]  # the name is that of the tree
        "slug", queryset=Unit.objects.all()
    )


class UnitViewSet(ListMixin[Unit], RetrieveMixin[Unit], CreateMixin[Unit]):
    """Units of the organisation."""

    does = {"list": "accounts.read", "retrieve": "accounts.read", "create": "accounts.administer"}
    serializer_class = UnitSerializer
    inputs = {"create": UnitSerializer}
    sorts = ("name", "slug")
    lookup_field = "slug"

    def get_queryset(self) -> QuerySet[Unit]:
        return Unit.objects.select_related("parent")

    def perform_create(self, data: dict[str, Any]) -> Unit:
        return services.create_unit(actor=self.user, **data)


class PersonSerializer(StrictSerializer):
    username = serializers.CharField(read_only=True)
    name = serializers.CharField(read_only=True)
    is_active = serializers.BooleanField(read_only=True)
    roles = serializers.SerializerMethodField()

    def get_roles(self, person: User) -> list[dict[str, str]]:
        return [{"role": m.role, "unit": m.unit.slug} for m in person.memberships.all() if m.ended_at is None]


class PersonViewSet(ListMixin[User], RetrieveMixin[User]):
    """People and their roles."""

    does = "accounts.read"
    serializer_class = PersonSerializer
    filterset_fields = ("is_active",)
    sorts = ("name", "username")
    lookup_field = "username"

    def get_queryset(self) -> QuerySet[User]:
        return User.objects.prefetch_related("memberships__unit").order_by("username")


class TokenSerializer(StrictSerializer):
    id = serializers.IntegerField(read_only=True)
    name = serializers.CharField(max_length=80)
    unit = serializers.SlugRelatedField("slug", queryset=Unit.objects.all())
    scopes = serializers.ListField(child=serializers.ChoiceField(list(SCOPES)), min_length=1)
    days = serializers.IntegerField(min_value=1, max_value=services.MAX_TOKEN_DAYS, write_only=True)
    prefix = serializers.CharField(read_only=True)
    expires_at = serializers.DateTimeField(read_only=True)
    last_used_at = serializers.DateTimeField(read_only=True)
    revoked_at = serializers.DateTimeField(read_only=True)


class TokenViewSet(ListMixin[ApiToken], CreateMixin[ApiToken], DestroyMixin[ApiToken]):
    """One's own tokens. A new one answers with its key, once; DELETE revokes."""

    does = "signed_in"
    serializer_class = TokenSerializer
    inputs = {"create": TokenSerializer}
    sorts = ("created_at", "expires_at")

    def get_queryset(self) -> QuerySet[ApiToken]:
        return ApiToken.objects.filter(user=self.user).select_related("unit")

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002 - DRF's signature
        token, key = services.issue_token(self.user, actor=self.user, **self.validated())
        return Response({**TokenSerializer(token).data, "key": key}, status=201)

    def perform_destroy(self, obj: ApiToken) -> None:
        services.revoke_token(obj, actor=self.user)


class Metrics(Endpoint):
    """The numbers of this process, for Prometheus."""

    does = "accounts.metrics"

    def get(self, request: Request) -> HttpResponse:  # noqa: ARG002 - DRF's signature
        return HttpResponse(generate_latest(), content_type=CONTENT_TYPE_LATEST)
