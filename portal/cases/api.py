"""Cases over the API: lists, one case, its votes and its conflicts."""

from __future__ import annotations

import json
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from portal.accounts.models import User
from portal.api.serializers import StrictSerializer
from portal.api.viewsets import ListMixin, RetrieveMixin, number_of
from portal.cases import services
from portal.cases.models import Case, State
from portal.cases.selectors.bench import votes_open
from portal.cases.selectors.seats import why_no_vote
from portal.cases.selectors.standing import is_stale
from portal.cases.services.voting import Wish
from portal.errors import Missing
from portal.registry.models import System


class CaseSerializer(StrictSerializer):
    """A case as lists show it."""

    ref = serializers.CharField(read_only=True)
    kind = serializers.CharField(read_only=True)
    title = serializers.CharField(read_only=True)
    system = serializers.CharField(source="system.ref", read_only=True, default=None)
    state = serializers.ChoiceField(State.choices, read_only=True)
    outcome = serializers.CharField(read_only=True)
    approved = serializers.BooleanField(read_only=True, allow_null=True)
    opened_by = serializers.CharField(source="opened_by.username", read_only=True, default=None)
    opened_at = serializers.DateTimeField(read_only=True)
    owner = serializers.CharField(source="owner.username", read_only=True, default=None)
    due_on = serializers.DateField(read_only=True)
    closed_at = serializers.DateTimeField(read_only=True)
    stale_since = serializers.DateTimeField(read_only=True)


class RoundSerializer(StrictSerializer):
    """One round of votes."""

    number = serializers.IntegerField(read_only=True)
    title = serializers.CharField(read_only=True)
    roles = serializers.ListField(child=serializers.CharField(), read_only=True)
    quorum = serializers.IntegerField(read_only=True)
    started_at = serializers.DateTimeField(read_only=True)
    ended_at = serializers.DateTimeField(read_only=True)
    outcome = serializers.CharField(read_only=True)


class ConditionSerializer(StrictSerializer):
    """What must be done for an approval to hold."""

    text = serializers.CharField(read_only=True)
    owner = serializers.CharField(source="owner.username", read_only=True)
    due_on = serializers.DateField(read_only=True)
    state = serializers.CharField(read_only=True)


class ConflictSerializer(StrictSerializer):
    """Somebody who stands too close to vote. ``declared`` is false for what the portal found itself."""

    person = serializers.CharField(source="person.username", read_only=True)
    reason = serializers.CharField(max_length=2000)
    declared = serializers.BooleanField(read_only=True)
    declared_at = serializers.DateTimeField(read_only=True)


class WholeCaseSerializer(CaseSerializer):
    """A case with what it is bound to, its rounds, and whether the reader may vote."""

    reason = serializers.CharField(read_only=True)
    snapshot = serializers.SerializerMethodField()
    digest = serializers.SerializerMethodField()
    stale = serializers.SerializerMethodField()
    choices = serializers.SerializerMethodField()
    no_vote = serializers.SerializerMethodField()
    rounds = RoundSerializer(many=True, read_only=True)
    conflicts = ConflictSerializer(many=True, read_only=True)
    conditions = ConditionSerializer(many=True, read_only=True)

    def get_snapshot(self, case: Case) -> dict[str, Any]:
        """What the decision is bound to."""
        picture: dict[str, Any] = json.loads(case.snapshot)
        return picture

    def get_digest(self, case: Case) -> str:
        return f"sha256:{case.digest}"

    def get_stale(self, case: Case) -> bool:
        """Whether the subject is no longer what the case is about."""
        return is_stale(case)

    def get_choices(self, case: Case) -> list[str]:
        return [choice.slug for choice in case.declared_kind.choices]

    def get_no_vote(self, case: Case) -> str | None:
        """Why the reader has no vote now; null for whoever has one."""
        current = case.current_round
        if current is None:
            return f"{case.ref} is closed."
        user: User = self.context["request"].user
        return why_no_vote(case, current, case.declared_kind, user, timezone.now()) or None


class VoteSerializer(StrictSerializer):
    """A vote. ``choice`` and ``reason`` are null while a secret vote is open."""

    voter = serializers.CharField(source="voter.username", read_only=True)
    round = serializers.IntegerField(source="round.number", read_only=True)
    choice = serializers.SerializerMethodField()
    reason = serializers.SerializerMethodField()
    cast_at = serializers.DateTimeField(read_only=True)

    def get_choice(self, vote: Any) -> str | None:
        return vote.choice if self.context["shown"] else None

    def get_reason(self, vote: Any) -> str | None:
        return vote.reason if self.context["shown"] else None


class NewCondition(StrictSerializer):
    """A condition named with a vote."""

    text = serializers.CharField(max_length=2000)
    owner = serializers.SlugRelatedField("username", queryset=User.objects.filter(is_active=True))
    due_on = serializers.DateField(required=False, allow_null=True, default=None)


class NewVote(StrictSerializer):
    """A choice of the kind, or simply whether one approves; and why."""

    choice = serializers.CharField(required=False, max_length=40)
    approve = serializers.BooleanField(required=False)
    reason = serializers.CharField(max_length=2000)
    conditions = NewCondition(many=True, required=False)

    def validate(self, attrs: dict[str, Any]) -> dict[str, Any]:
        if ("choice" in attrs) == ("approve" in attrs):
            raise serializers.ValidationError({"choice": ["Send either choice or approve."]})
        return attrs


class CaseViewSet(ListMixin[Case], RetrieveMixin[Case]):
    """What people must decide by a day."""

    does = {"cast": "cases.vote", "step_aside": "cases.vote", "*": "cases.read"}
    serializer_class = CaseSerializer
    inputs = {"cast": NewVote, "step_aside": ConflictSerializer}
    filterset_fields = ("kind", "state", "approved")
    sorts = ("opened_at", "due_on", "closed_at")
    default_sort = "-opened_at"
    lookup_field = "ref"

    def get_queryset(self) -> QuerySet[Case]:
        cases = Case.objects.visible_to(self.user).select_related("system", "unit", "opened_by", "owner")
        return cases.defer("snapshot", "reason") if self.action == "list" else cases

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        return SHOWN_AS.get(self.action, CaseSerializer)

    @extend_schema(responses=VoteSerializer(many=True), filters=False)
    def votes(self, request: Request, ref: str) -> Response:  # noqa: ARG002 - DRF's signature
        case = self.get_object()
        rows: QuerySet[Any] = case.votes.select_related("voter", "round")
        shown = votes_open(case, case.declared_kind)
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(VoteSerializer(page, many=True, context={"shown": shown}).data)

    @extend_schema(responses={201: VoteSerializer})
    def cast(self, request: Request, ref: str) -> Response:  # noqa: ARG002 - DRF's signature
        data = self.validated()
        wishes = [Wish(**given) for given in data.pop("conditions", ())]
        vote = services.cast_vote(self.get_object(), actor=self.user, conditions=wishes, **data)
        return Response(VoteSerializer(vote, context={"shown": True}).data, status=201)

    @extend_schema(responses=ConflictSerializer(many=True), filters=False)
    def conflicts(self, request: Request, ref: str) -> Response:  # noqa: ARG002 - DRF's signature
        rows: QuerySet[Any] = self.get_object().conflicts.select_related("person")
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(ConflictSerializer(page, many=True).data)

    @extend_schema(responses={201: ConflictSerializer})
    def step_aside(self, request: Request, ref: str) -> Response:  # noqa: ARG002 - DRF's signature
        made = services.declare_conflict(self.get_object(), actor=self.user, **self.validated())
        return Response(ConflictSerializer(made).data, status=201)


SHOWN_AS: dict[str | None, type[BaseSerializer[Any]]] = {
    "retrieve": WholeCaseSerializer,
    "votes": VoteSerializer,
    "cast": VoteSerializer,
    "conflicts": ConflictSerializer,
    "step_aside": ConflictSerializer,
}
"""What an action answers with, where that is not the case as lists show it."""


class SystemCaseViewSet(CaseViewSet):
    """The cases about one system."""

    def get_queryset(self) -> QuerySet[Case]:
        systems = System.objects.visible_to(self.user)
        found = systems.filter(pk=number_of(self.kwargs["system"], "SYS")).first()
        if found is None:
            raise Missing
        return super().get_queryset().filter(system=found)
