"""The base of every address of the API.

A viewset names its action, fetches from what a person may see, and hands validated data to a service:

    class FindingViewSet(ListMixin[Finding], RetrieveMixin[Finding], UpdateMixin[Finding]):
        does = {"list": "findings.read", "retrieve": "findings.read", "*": "findings.answer"}
        serializer_class = FindingSerializer
        inputs = {"partial_update": FindingChange, "acknowledge": Acknowledgement}
        filterset_fields = ("state", "severity")
        sorts = ("raised_at", "severity")

        def get_queryset(self):
            return Finding.objects.visible_to(self.user, self.declared).select_related("system")

        def perform_update(self, finding, data):
            return services.change_finding(finding, actor=self.user, **data)

        @action(detail=True, methods=["post"])
        def acknowledge(self, request, **kwargs):
            data = self.validated()
            answered = self.change(lambda finding: services.acknowledge(finding, actor=self.user, **data))
            return self.answer(answered)

A list serialised by the framework costs 15 to 20 times what its rows cost; ``FastListMixin`` builds it
from ``values()``.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import partial
from types import GenericAlias
from typing import Any, ClassVar, TypeVar, get_args
from urllib.parse import quote

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils.functional import cached_property
from rest_framework.exceptions import Throttled
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer
from rest_framework.views import APIView
from rest_framework.viewsets import GenericViewSet

from portal.api import etags, filters, idempotency, rates
from portal.api.idempotency import DigestingStream
from portal.api.permissions import DeclaredAction, declared_action
from portal.api.schema import PortalSchema
from portal.api.transactions import together
from portal.errors import Missing

M = TypeVar("M", bound=Model)
R = TypeVar("R")
Handler = Callable[..., Any]
LONGEST_NUMBER = 18
"""Digits of a row's number: below the largest of PostgreSQL's bigint."""


class Endpoint(APIView):
    """What every address of the API does before and after its handler, viewset or not.

    Where clients expect another error body, override ``get_exception_handler`` and build on
    ``errors.understand``.
    """

    does: ClassVar[str | Mapping[str, str]]
    http_method_names = ["get", "post", "put", "patch", "delete", "head"]
    permission_classes = [DeclaredAction]
    schema = PortalSchema()
    lease: ClassVar[timedelta] = timedelta(seconds=60)
    """How long a POST with an Idempotency-Key may take before the key counts as abandoned."""

    def initialize_request(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Request:
        self.watched_body = idempotency.watch(request) if idempotency.is_asked(request) else None
        return super().initialize_request(request, *args, **kwargs)

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        super().initial(request, *args, **kwargs)
        filters.clean(request)
        handler: Handler | None = getattr(self, "post", None)
        if self.watched_body is not None and handler is not None:
            vars(self)["post"] = partial(self._post_once, handler, self.watched_body)

    def perform_authentication(self, request: Request) -> None:
        """Whoever calls is counted before they are told anything, wrong tokens included."""
        try:
            super().perform_authentication(request)
        finally:
            if seconds := rates.spend_of(request):
                raise Throttled(seconds)

    def _post_once(
        self, handler: Handler, body: DigestingStream, request: Request, *args: Any, **kwargs: Any
    ) -> HttpResponse:
        def work() -> HttpResponse:
            return idempotency.rendered(self.finalize_response(request, handler(request, *args, **kwargs)))

        return idempotency.once(request, body, work, lease=self.lease)

    def get_authenticate_header(self, request: Request) -> str:
        """Never empty, so that whoever is not signed in gets 401 and not 403."""
        return super().get_authenticate_header(request) or 'Bearer realm="portal"'

    @property
    def default_response_headers(self) -> dict[str, str]:
        """No answer of the API is kept by a cache on its way."""
        return {**super().default_response_headers, "Cache-Control": "no-store"}

    @property
    def user(self) -> Any:
        """The person who asks, or on whose behalf the token does: the ``actor`` of a service."""
        return self.request.user

    @cached_property
    def declared(self) -> str:
        """The action this request needs: the second argument of ``visible_to``."""
        return declared_action(self)


class PortalViewSet(Endpoint, GenericViewSet[M]):
    """Rows a person may see, under one address."""

    model: ClassVar[type[Model] | None] = None
    """Named by the brackets, as in ``ListMixin[Finding]``; the OpenAPI document reads its fields."""
    lookup_value_regex = "[^/]+"
    filter_backends = [filters.KnownParameters, filters.Filters, filters.Sort]
    inputs: ClassVar[Mapping[str, type[BaseSerializer[Any]]]] = {}
    """The serializer of the request by viewset action; ``serializer_class`` describes the answer."""
    sorts: ClassVar[tuple[str, ...] | Mapping[str, str]] = ()
    default_sort: ClassVar[str] = ""
    parameters: ClassVar[tuple[str, ...]] = ()
    """Query parameters that ``get_queryset`` reads itself."""
    dated: ClassVar[bool] = False
    """Whether lists and rows take ``as_of``; ``get_queryset`` then reads ``self.as_of``."""

    def __class_getitem__(cls, model: Any) -> Any:
        return GenericAlias(cls, model)

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        for base in vars(cls).get("__orig_bases__", ()):
            named = [arg for arg in get_args(base) if isinstance(arg, type) and issubclass(arg, Model)]
            cls.model = named[0] if named else cls.model

    @cached_property
    def as_of(self) -> datetime | None:
        """The instant asked for, or None for now."""
        given = self.request.query_params.get("as_of") if self.dated else None
        return filters.instant(given, "as_of") if given else None

    def validated(
        self, serializer_class: type[BaseSerializer[Any]] | None = None, *, many: bool = False
    ) -> Any:
        """The body, validated: a dict, or with ``many`` a list of dicts. Raises for 400.

        The serializer is that of ``inputs`` for the present action unless one is given.
        """
        serializer_class = serializer_class or self.inputs[self.action]
        serializer = serializer_class(
            data=self.request.data,
            many=many,
            partial=self.action == "partial_update",
            context=self.get_serializer_context(),
        )
        serializer.is_valid(raise_exception=True)
        return serializer.validated_data

    def answer(self, obj: Any, status: int = 200, *, location: str = "") -> Response:
        """The object as ``serializer_class`` shows it, with its ETag."""
        data = self.get_serializer(obj).data
        headers = {"Location": location} if location else {}
        if tag := etags.of(obj):
            headers["ETag"] = tag
        return Response(data, status=status, headers=headers)

    def get_object(self) -> M:
        """The row of the address, from what this person may see. Raises Missing for any other."""
        visible = self.get_queryset()
        wanted = self.kwargs[self.lookup_url_kwarg or self.lookup_field]
        try:
            return visible.get(**{self.lookup_field: wanted})
        except (ObjectDoesNotExist, ValidationError, ValueError, TypeError) as error:
            raise Missing from error

    def change(self, service: Callable[[M], R]) -> R:
        """Hand the row of the address to a service, if it still is what ``If-Match`` says. Raises Stale.

        The row is locked before it is compared, so that nobody changes it in between.
        """
        return together(lambda: service(self._matched_object()))

    def _matched_object(self) -> M:
        obj = self.get_object()
        header = self.request.headers.get("If-Match")
        if header is None:
            return obj
        expected = etags.parse(header, "If-Match")
        list(type(obj)._base_manager.select_for_update().filter(pk=obj.pk).values("pk"))  # noqa: SLF001 - Django's name
        obj = self.get_object()
        etags.require(expected, obj)
        return obj

    def location_of(self, obj: Any) -> str:
        """The address of a row below the present one."""
        return f"{self.request.path}{quote(str(getattr(obj, self.lookup_field)), safe='')}/"


class ListMixin(PortalViewSet[M]):
    """``GET …/``: a page of rows, each as ``serializer_class`` shows it."""

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002 - DRF's signature
        page = self.paginate_queryset(self.filter_queryset(self.get_queryset()))
        return self.get_paginated_response(self.get_serializer(page, many=True).data)


class FastListMixin(PortalViewSet[M]):
    """``GET …/``: a page of rows straight from ``values()``, without a serializer or a model.

    ``columns`` are names for ``values()``: fields, paths over relations, annotations of ``get_queryset``.
    ``row`` makes of one what the API shows; ``serializer_class`` still describes it in the document.
    """

    columns: ClassVar[tuple[str, ...]]

    def list(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002 - DRF's signature
        rows = self.filter_queryset(self.get_queryset()).values(*self.columns)
        page = self.paginate_queryset(rows)
        return self.get_paginated_response([self.row(values) for values in page or ()])

    def row(self, values: dict[str, Any]) -> Mapping[str, Any]:
        """What the API shows of a row; by default its columns under their own names."""
        return values


class RetrieveMixin(PortalViewSet[M]):
    """``GET …/REF/``: one row with its ETag; 304 where ``If-None-Match`` names it."""

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002 - DRF's signature
        obj = self.get_object()
        tag = etags.of(obj)
        if tag and (header := request.headers.get("If-None-Match")):
            known = etags.parse(header, "If-None-Match")
            if known & {tag, f"W/{tag}", etags.ANY}:
                return Response(status=304, headers={"ETag": tag})
        return self.answer(obj)


class CreateMixin(PortalViewSet[M]):
    """``POST …/``: 201 with the new row, its address and its ETag."""

    def create(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002 - DRF's signature
        obj = self.perform_create(self.validated())
        return self.answer(obj, 201, location=self.location_of(obj))

    def perform_create(self, data: dict[str, Any]) -> M:
        """Call the service that makes the row, with ``actor=self.user``."""
        raise NotImplementedError


class UpdateMixin(PortalViewSet[M]):
    """``PATCH …/REF/``: the named fields change; 412 where ``If-Match`` names another state."""

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002 - DRF's signature
        data = self.validated()
        return self.answer(self.change(lambda obj: self.perform_update(obj, data)))

    def perform_update(self, obj: M, data: dict[str, Any]) -> M:
        """Call the service that changes the row, with ``actor=self.user``, and return what it became."""
        raise NotImplementedError


class ReplaceMixin(PortalViewSet[M]):
    """``PUT …/REF/``: the whole is replaced; 412 where ``If-Match`` names another state."""

    def update(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002 - DRF's signature
        data = self.validated()
        return self.answer(self.change(lambda obj: self.perform_replace(obj, data)))

    def perform_replace(self, obj: M, data: dict[str, Any]) -> M:
        """Call the service that replaces the row, with ``actor=self.user``, and return what it became."""
        raise NotImplementedError


class DestroyMixin(PortalViewSet[M]):
    """``DELETE …/REF/``: 204; 412 where ``If-Match`` names another state."""

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:  # noqa: ARG002 - DRF's signature
        self.change(self.perform_destroy)
        return Response(status=204)

    def perform_destroy(self, obj: M) -> None:
        """Call the service that ends the row, with ``actor=self.user``."""
        raise NotImplementedError


def number_of(ref: str, prefix: str) -> int:
    """The number of a reference such as SYS-12, by its prefix ``SYS``. Raises Missing for any other text."""
    start, _, digits = ref.partition("-")
    if start != prefix or not digits.isascii() or not digits.isdecimal() or len(digits) > LONGEST_NUMBER:
        raise Missing
    return int(digits)
