"""Strategy over the API: an option put to the committee, and an accepted one against its bills."""

from __future__ import annotations

from typing import Any

from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from governance.strategy.selectors import held
from governance.strategy.services import propose_option
from portal.analyses.models import Analysis, AnalysisQuerySet
from portal.api.serializers import StrictSerializer
from portal.api.viewsets import PortalViewSet
from portal.areas import Verdict
from portal.errors import Missing


class ProposalInput(StrictSerializer):
    option = serializers.CharField(max_length=200)
    reason = serializers.CharField(max_length=2000)


class ProposalSerializer(StrictSerializer):
    """The case in which the committee decides; ``digest`` is of what it decides on."""

    case = serializers.CharField(source="ref")
    option = serializers.CharField(source="subject.choice")
    due_on = serializers.DateField()
    digest = serializers.SerializerMethodField()
    page = serializers.CharField(source="get_absolute_url")

    def get_digest(self, case: Any) -> str:
        return f"sha256:{case.digest}"


class ActualSerializer(StrictSerializer):
    """One milestone. ``off`` is billed less expected as a share; null where it is not known."""

    days = serializers.IntegerField()
    until = serializers.DateField()
    expected = serializers.CharField(allow_null=True)
    actual = serializers.CharField(allow_null=True)
    off = serializers.FloatField(allow_null=True)
    verdict = serializers.ChoiceField([each.value for each in Verdict], allow_null=True)
    reason = serializers.CharField(allow_blank=True)


class ProposalViewSet(PortalViewSet[Analysis]):
    """What follows from an analysis of build or buy."""

    does = {"create": "strategy.propose", "actuals": "analyses.read"}
    serializer_class = ProposalSerializer
    inputs = {"create": ProposalInput}
    filter_backends = []

    def get_queryset(self) -> AnalysisQuerySet:
        return Analysis.objects.visible_to(self.user, self.declared).filter(kind="build-or-buy")

    def get_object(self) -> Analysis:
        found = self.get_queryset().with_ref(self.kwargs["ref"]).first()
        if found is None:
            raise Missing
        return found

    def create(self, request: Request, ref: str) -> Response:  # noqa: ARG002 - DRF's signature
        """Put one option to the committee."""
        data = self.validated()
        case = self.change(lambda obj: propose_option(obj, actor=self.user, **data))
        return self.answer(case, 201, location=f"/api/v1/cases/{case.ref}/")

    @extend_schema(responses=ActualSerializer(many=True))
    @action(detail=True, methods=["get"])
    def actuals(self, request: Request, ref: str) -> Response:  # noqa: ARG002 - DRF's signature
        """What bills say of an accepted option at each milestone."""
        rows = held(self.get_object())
        return Response({"results": ActualSerializer(rows, many=True).data, "next": None, "count": len(rows)})
