"""Policies: what is in force, the versions, proposals and decisions."""

from __future__ import annotations

from typing import Any

from django.db.models import QuerySet
from rest_framework import serializers
from rest_framework.decorators import action
from rest_framework.request import Request
from rest_framework.response import Response

from portal.api.serializers import SafeJSONField, StrictSerializer
from portal.api.viewsets import ListMixin, RetrieveMixin, number_of
from portal.errors import Missing
from portal.policies import selectors, services
from portal.policies.models import PolicyState, PolicyVersion
from portal.policies.parameters import decode, encode
from portal.policies.reach import require_reach
from portal.registry.models import System


class PolicySerializer(StrictSerializer):
    """A policy and what is in force."""

    slug = serializers.CharField()
    title = serializers.CharField()
    version = serializers.IntegerField()
    parameters = serializers.JSONField()
    effective_from = serializers.DateTimeField(allow_null=True)
    decided_by = serializers.CharField(allow_null=True)


class PolicyVersionSerializer(StrictSerializer):
    """A version or a proposal."""

    id = serializers.IntegerField(source="pk")
    kind = serializers.CharField()
    number = serializers.IntegerField(allow_null=True)
    system = serializers.CharField(source="system.ref", default=None)
    parameters = serializers.JSONField(allow_null=True)
    effective_from = serializers.DateTimeField()
    state = serializers.ChoiceField(PolicyState.choices)
    loosens = serializers.BooleanField()
    reason = serializers.CharField()
    proposed_by = serializers.CharField(source="proposed_by.username", default=None)
    proposed_at = serializers.DateTimeField()
    decided_by = serializers.CharField(source="decided_by.username", default=None)
    decided_at = serializers.DateTimeField(allow_null=True)
    decision = serializers.CharField()


class ProposalInput(StrictSerializer):
    """Parameters from an instant on; null parameters end a system's own policy."""

    parameters = SafeJSONField(allow_null=True)
    reason = serializers.CharField(max_length=2000)
    effective_from = serializers.DateTimeField(required=False)
    system = serializers.CharField(required=False, max_length=24)


class DecisionInput(StrictSerializer):
    """A second person's word."""

    approve = serializers.BooleanField()
    reason = serializers.CharField(required=False, allow_blank=True, max_length=2000)


class PolicyViewSet(ListMixin[Any], RetrieveMixin[Any]):
    """The declared policies. ``?system=SYS-12`` asks what holds there, ``?as_of=`` what held then."""

    does = "policies.read"
    serializer_class = PolicySerializer
    filter_backends = []
    lookup_field = "slug"
    dated = True

    def get_queryset(self) -> Any:
        return [_shown(kind, policy) for kind, policy, _own in selectors.all_in_force(self.as_of)]

    def get_object(self) -> Any:
        kind = selectors.kind_named(self.kwargs["slug"])
        ref = self.request.query_params.get("system")
        system = visible_system(ref, self.user, self.declared) if ref else None
        return _shown(kind, selectors.in_force(kind, self.as_of, system))


class PolicyVersionViewSet(ListMixin[PolicyVersion]):
    """The versions of one policy: read, proposed, decided."""

    does = {"list": "policies.read", "propose": "policies.propose", "decide": "policies.decide"}
    serializer_class = PolicyVersionSerializer
    inputs = {"propose": ProposalInput, "decide": DecisionInput}
    filterset_fields = ("state", "system__name")
    sorts = ("proposed_at", "effective_from", "number")
    default_sort = "-proposed_at"

    def get_queryset(self) -> QuerySet[PolicyVersion]:
        return selectors.history(selectors.kind_named(self.kwargs["slug"]), self.user)

    @action(detail=False, methods=["post"])
    def propose(self, request: Request, slug: str) -> Response:  # noqa: ARG002 - DRF's signature
        """Put parameters in force; what allows more than before waits for a second person."""
        kind, data = selectors.kind_named(slug), self.validated()
        given, ref = data.pop("parameters"), data.pop("system", "")
        system = visible_system(ref, self.user, self.declared) if ref else None
        require_reach(self.user, self.declared, system)
        parameters = None if given is None else decode(kind, given)
        made = services.propose_policy(kind, parameters, system=system, actor=self.user, **data)
        return self.answer(made, 201 if made.state == PolicyState.ADOPTED else 202)

    @action(detail=True, methods=["post"])
    def decide(self, request: Request, slug: str, pk: int) -> Response:  # noqa: ARG002 - DRF's signature
        """Adopt or reject what somebody else proposed."""
        kind = selectors.kind_named(slug)
        version = selectors.decidable(self.user).filter(kind=kind.slug, pk=pk).first()
        if version is None:
            raise Missing
        return self.answer(services.decide_policy(version, actor=self.user, **self.validated()))


def visible_system(ref: str, user: Any, does: str) -> System:
    """The system of a reference on which the person may do the action. Raises Missing."""
    found = System.objects.visible_to(user, does).filter(pk=number_of(ref, "SYS")).first()
    if found is None:
        raise Missing
    return found


def _shown(kind: Any, policy: selectors.PolicyInForce) -> dict[str, Any]:
    row = policy.row
    return {
        "slug": kind.slug,
        "title": kind.title,
        "version": policy.version,
        "parameters": encode(policy.parameters),
        "effective_from": row.effective_from if row else None,
        "decided_by": row.decided_by.username if row and row.decided_by else None,
    }
