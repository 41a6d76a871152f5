"""Bodies and sessions over the API: what they are, what is voted, the pack and the minutes."""

from __future__ import annotations

import json
from datetime import time
from typing import Any

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.functional import cached_property
from drf_spectacular.utils import extend_schema
from rest_framework import serializers
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer

from portal.accounts.fields import PersonField
from portal.accounts.models import ROLES, Unit
from portal.api.serializers import StrictSerializer
from portal.api.viewsets import CreateMixin, ListMixin, PortalViewSet, RetrieveMixin, UpdateMixin
from portal.bodies import services
from portal.bodies.models import (
    Body,
    Function,
    Item,
    Kind,
    Majority,
    Mode,
    Reply,
    Session,
    State,
    Tie,
)
from portal.bodies.selectors.agenda import proposals
from portal.bodies.selectors.bench import tie_words, why_no_ballot
from portal.bodies.services.voting import Demand
from portal.errors import Missing
from portal.registry.models import System

# --- Bodies ---------------------------------------------------------------------------------------------


class SeatSerializer(StrictSerializer):
    """Who sits on a body, as what, and for how long."""

    person = PersonField()
    function = serializers.ChoiceField(Function.choices, default=Function.MEMBER)
    votes = serializers.BooleanField(default=True)
    deputy = PersonField(allow_null=True, default=None)
    started_on = serializers.DateField(required=False)
    ended_on = serializers.DateField(allow_null=True, default=None)


class RulesSerializer(StrictSerializer):
    """What may be changed of a body."""

    name = serializers.CharField(max_length=120)
    kind = serializers.ChoiceField(Kind.choices, default="committee")
    purpose = serializers.CharField(max_length=2000, allow_blank=True, default="")
    role = serializers.ChoiceField(ROLES, allow_blank=True, default="")
    quorum = serializers.IntegerField(min_value=1, max_value=99, default=3)
    majority = serializers.ChoiceField(Majority.choices, default="simple")
    tie = serializers.ChoiceField(Tie.choices, default="chair")
    rhythm = serializers.ChoiceField(["", "month", "quarter"], default="")
    month = serializers.IntegerField(min_value=1, max_value=3, default=3)
    week = serializers.IntegerField(min_value=1, max_value=5, default=4)
    weekday = serializers.IntegerField(min_value=0, max_value=6, default=1)
    hour = serializers.TimeField(default=time(10))
    duration_minutes = serializers.IntegerField(min_value=5, max_value=600, default=90)
    mode = serializers.ChoiceField(Mode.choices, default="meeting")
    place = serializers.CharField(max_length=200, allow_blank=True, default="")


class NewBody(RulesSerializer):
    """A body to set up."""

    slug = serializers.SlugField(max_length=60)
    unit = serializers.SlugRelatedField("slug", queryset=Unit.objects.all())


class BodySerializer(RulesSerializer):
    """A body with its rules."""

    slug = serializers.CharField(read_only=True)
    unit = serializers.CharField(source="unit.slug", read_only=True)
    dissolved_at = serializers.DateTimeField(read_only=True)


class BodyViewSet(ListMixin[Body], RetrieveMixin[Body], CreateMixin[Body], UpdateMixin[Body]):
    """Committees, boards, panels and workshops."""

    does = {
        "create": "bodies.define",
        "partial_update": "bodies.sit",
        "add_seat": "bodies.sit",
        "*": "bodies.read",
    }
    serializer_class = BodySerializer
    inputs = {"create": NewBody, "partial_update": RulesSerializer, "add_seat": SeatSerializer}
    filterset_fields = ("kind", "role")
    sorts = ("name",)
    default_sort = "name"
    lookup_field = "slug"

    def get_queryset(self) -> QuerySet[Body]:
        return Body.objects.visible_to(self.user).select_related("unit")

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        return SeatSerializer if self.action in {"seats", "add_seat"} else BodySerializer

    def perform_create(self, data: dict[str, Any]) -> Body:
        name, slug, unit = data.pop("name"), data.pop("slug"), data.pop("unit")
        return services.create_body(name, slug=slug, unit=unit, actor=self.user, **data)

    def perform_update(self, obj: Body, data: dict[str, Any]) -> Body:
        return services.change_body(obj, actor=self.user, **data)

    @extend_schema(responses=SeatSerializer(many=True), filters=False)
    def seats(self, request: Request, slug: str) -> Response:  # noqa: ARG002 - DRF's signature
        rows: QuerySet[Any] = self.get_object().seats.select_related("person", "deputy")
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(SeatSerializer(page, many=True).data)

    @extend_schema(responses={201: SeatSerializer})
    def add_seat(self, request: Request, slug: str) -> Response:  # noqa: ARG002 - DRF's signature
        seat = services.add_seat(self.get_object(), actor=self.user, **self.validated())
        return Response(SeatSerializer(seat).data, status=201)


# --- Sessions -------------------------------------------------------------------------------------------


class ItemSerializer(StrictSerializer):
    """An item of an agenda. Choice and outcome are empty until it is closed."""

    number = serializers.IntegerField(read_only=True)
    topic = serializers.CharField(read_only=True)
    title = serializers.CharField(read_only=True)
    why = serializers.CharField(read_only=True)
    system = serializers.CharField(source="system.ref", read_only=True, default=None)
    case = serializers.CharField(source="case.ref", read_only=True, default=None)
    takes_votes = serializers.BooleanField(read_only=True)
    minutes = serializers.IntegerField(read_only=True)
    proposed_by = serializers.CharField(source="proposed_by.username", read_only=True, default=None)
    state = serializers.CharField(read_only=True)
    choice = serializers.CharField(read_only=True)
    outcome = serializers.CharField(read_only=True)
    resolution = serializers.CharField(read_only=True)
    next_review_on = serializers.DateField(read_only=True)


class ItemConditionSerializer(StrictSerializer):
    """A condition, and the case that follows up on it."""

    text = serializers.CharField(read_only=True)
    owner = serializers.CharField(source="owner.username", read_only=True)
    due_on = serializers.DateField(read_only=True)
    case = serializers.CharField(source="follow_up.ref", read_only=True, default=None)


class WholeItemSerializer(ItemSerializer):
    """An item with its choices, its rule for a tie, and whether the reader may vote now."""

    choices = serializers.SerializerMethodField()
    tie = serializers.SerializerMethodField()
    no_vote = serializers.SerializerMethodField()
    conditions = ItemConditionSerializer(many=True, read_only=True)

    def get_choices(self, item: Item) -> list[str]:
        return [choice.slug for choice in item.choices] if item.takes_votes else []

    def get_tie(self, item: Item) -> str:
        return tie_words(item)

    def get_no_vote(self, item: Item) -> str | None:
        """Why the reader has no vote now; null for whoever has one."""
        if not item.open:
            return f"Item {item.number} is {item.state}."
        return why_no_ballot(item, self.context["user"], self.context["now"]) or None


class SessionSerializer(StrictSerializer):
    """A session as lists show it."""

    ref = serializers.CharField(read_only=True)
    body = serializers.CharField(source="body.slug", read_only=True)
    title = serializers.CharField(read_only=True)
    mode = serializers.CharField(read_only=True)
    starts_at = serializers.DateTimeField(read_only=True)
    ends_at = serializers.DateTimeField(read_only=True)
    place = serializers.CharField(read_only=True)
    state = serializers.ChoiceField(State.choices, read_only=True)
    quorum = serializers.IntegerField(read_only=True)
    majority = serializers.CharField(read_only=True)
    tie = serializers.CharField(read_only=True)
    closed_at = serializers.DateTimeField(read_only=True)


class AttendanceSerializer(StrictSerializer):
    """Who was invited, what they answered, and who sat on the seat."""

    person = serializers.CharField(source="seat.person.username", read_only=True)
    function = serializers.CharField(source="seat.function", read_only=True)
    votes = serializers.BooleanField(source="seat.votes", read_only=True)
    reply = serializers.CharField(read_only=True)
    attended_by = serializers.CharField(source="attended_by.username", read_only=True, default=None)
    arrived_at = serializers.DateTimeField(read_only=True)


class WholeSessionSerializer(SessionSerializer):
    """A session with its agenda, its attendance and the digest of its pack."""

    items = ItemSerializer(many=True, read_only=True)
    attendance = AttendanceSerializer(many=True, read_only=True)
    pack_digest = serializers.SerializerMethodField()

    def get_pack_digest(self, session: Session) -> str | None:
        pack = getattr(session, "pack", None)
        return f"sha256:{pack.digest}" if pack is not None else None


class NewSession(StrictSerializer):
    """A session to plan; what is left out follows from the rules of the body."""

    body = serializers.SlugRelatedField("slug", queryset=Body.objects.none())
    title = serializers.CharField(max_length=160, required=False)
    mode = serializers.ChoiceField(["meeting", "writing"], required=False)
    starts_at = serializers.DateTimeField()
    ends_at = serializers.DateTimeField(required=False)
    place = serializers.CharField(max_length=200, allow_blank=True, required=False)

    def __init__(self, *args: Any, **more: Any) -> None:
        super().__init__(*args, **more)
        if "user" in self.context:
            self.fields["body"].queryset = Body.objects.visible_to(self.context["user"])  # type: ignore[attr-defined] # DRF's documented way


class NewItem(StrictSerializer):
    """An item somebody proposes."""

    topic = serializers.CharField(max_length=40)
    title = serializers.CharField(max_length=200, allow_blank=True, default="")
    why = serializers.CharField(max_length=2000, allow_blank=True, default="")
    system = serializers.CharField(max_length=30, required=False)
    minutes = serializers.IntegerField(min_value=1, max_value=480, required=False)


class NewDemand(StrictSerializer):
    """A condition: what, by whom, by which day."""

    text = serializers.CharField(max_length=2000)
    owner = PersonField()
    due_on = serializers.DateField()


class NewBallot(StrictSerializer):
    """A choice and its reason; it can be sent again until the item is closed."""

    choice = serializers.CharField(max_length=40)
    reason = serializers.CharField(max_length=2000)
    conditions = NewDemand(many=True, required=False)


class BallotSerializer(StrictSerializer):
    """A vote. ``choice`` and ``reason`` are null for anybody else until the item is closed."""

    voter = serializers.CharField(source="voter.username", read_only=True)
    seat = serializers.CharField(source="seat.person.username", read_only=True)
    choice = serializers.SerializerMethodField()
    reason = serializers.SerializerMethodField()
    cast_at = serializers.DateTimeField(read_only=True)

    def get_choice(self, ballot: Any) -> str | None:
        return ballot.choice if self._shown(ballot) else None

    def get_reason(self, ballot: Any) -> str | None:
        return ballot.reason if self._shown(ballot) else None

    def _shown(self, ballot: Any) -> bool:
        return bool(self.context["closed"]) or ballot.voter_id == self.context["user"].pk


class ReasonInput(StrictSerializer):
    """Why."""

    reason = serializers.CharField(max_length=2000)


class CloseInput(StrictSerializer):
    """How an item ends."""

    resolution = serializers.CharField(max_length=2000, allow_blank=True, default="")
    postpone = serializers.BooleanField(default=False)
    next_review_on = serializers.DateField(allow_null=True, default=None)


class ReplyInput(StrictSerializer):
    """The answer to an invitation."""

    reply = serializers.ChoiceField([value for value in Reply.values if value])


class ProposalSerializer(StrictSerializer):
    """Something that waits for the body and is not on the agenda."""

    key = serializers.CharField(read_only=True)
    topic = serializers.CharField(source="topic.slug", read_only=True)
    title = serializers.CharField(source="proposal.title", read_only=True)
    why = serializers.CharField(source="proposal.why", read_only=True)


class AcceptInput(StrictSerializer):
    """Which proposals go on the agenda; all of them if none is named."""

    keys = serializers.ListField(child=serializers.CharField(max_length=250), required=False)


class MinutesSerializer(StrictSerializer):
    """One version of the minutes."""

    number = serializers.IntegerField(read_only=True)
    text = serializers.CharField(max_length=100_000)
    reason = serializers.CharField(max_length=500)
    digest = serializers.CharField(read_only=True)
    written_by = serializers.CharField(source="written_by.username", read_only=True, default=None)
    written_at = serializers.DateTimeField(read_only=True)
    approved_at = serializers.DateTimeField(read_only=True)


STEPS = {
    "call": services.call_session,
    "freeze": services.freeze_pack,
    "start": services.start_session,
    "arrive": services.arrive,
    "close": services.close_session,
}
"""What is done with a session as a whole, by the last word of its address."""


class SessionViewSet(ListMixin[Session], RetrieveMixin[Session], CreateMixin[Session]):
    """Sessions: their agenda, their pack, their minutes."""

    does = {
        "list": "bodies.read",
        "retrieve": "bodies.read",
        "pack": "bodies.read",
        "minutes": "bodies.read",
        "proposals": "bodies.read",
        "*": "bodies.sit",
    }
    serializer_class = SessionSerializer
    inputs = {
        "create": NewSession,
        "add_item": NewItem,
        "answer_invitation": ReplyInput,
        "accept": AcceptInput,
        "correct": MinutesSerializer,
        "cancel": ReasonInput,
    }
    filterset_fields = ("state", "mode")
    sorts = ("starts_at",)
    default_sort = "-starts_at"
    lookup_field = "ref"

    def get_queryset(self) -> QuerySet[Session]:
        return Session.objects.visible_to(self.user).select_related("body__unit", "pack")

    def get_object(self) -> Session:
        found = self.get_queryset().with_ref(self.kwargs["ref"]).first()  # type: ignore[attr-defined] # the manager's own
        if found is None:
            raise Missing
        session: Session = found
        return session

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        return ANSWERS.get(self.action, WholeSessionSerializer)

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "user": self.user}

    def perform_create(self, data: dict[str, Any]) -> Session:
        return services.create_session(data.pop("body"), actor=self.user, **data)

    @extend_schema(request=None, responses=WholeSessionSerializer)
    def step(self, request: Request, ref: str, step: str) -> Response:  # noqa: ARG002 - DRF's signature
        """call, freeze, start, arrive or close."""
        if step not in STEPS:
            raise Missing
        STEPS[step](self.get_object(), actor=self.user)
        return self.answer(self.get_object())

    @extend_schema(responses=WholeSessionSerializer)
    def cancel(self, request: Request, ref: str) -> Response:  # noqa: ARG002 - DRF's signature
        return self.answer(services.cancel_session(self.get_object(), actor=self.user, **self.validated()))

    @extend_schema(responses=AttendanceSerializer)
    def answer_invitation(self, request: Request, ref: str) -> Response:  # noqa: ARG002 - DRF's signature
        row = services.answer_invitation(self.get_object(), actor=self.user, **self.validated())
        return Response(AttendanceSerializer(row).data)

    @extend_schema(responses={201: ItemSerializer})
    def add_item(self, request: Request, ref: str) -> Response:  # noqa: ARG002 - DRF's signature
        data = self.validated()
        if wanted := data.pop("system", None):
            data["system"] = System.objects.visible_to(self.user).with_ref(wanted).first()
            if data["system"] is None:
                raise Missing
        item = services.add_item(self.get_object(), data.pop("topic"), actor=self.user, **data)
        return Response(ItemSerializer(item).data, status=201)

    @extend_schema(responses=ProposalSerializer(many=True), filters=False)
    def proposals(self, request: Request, ref: str) -> Response:  # noqa: ARG002 - DRF's signature
        rows: Any = proposals(self.get_object())
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(ProposalSerializer(page, many=True).data)

    @extend_schema(responses={201: ItemSerializer(many=True)})
    def accept(self, request: Request, ref: str) -> Response:  # noqa: ARG002 - DRF's signature
        made = services.accept_proposals(
            self.get_object(), actor=self.user, keys=self.validated().get("keys")
        )
        return Response(ItemSerializer(made, many=True).data, status=201)

    @extend_schema(responses={(200, "application/json"): dict[str, Any]})
    def pack(self, request: Request, ref: str) -> Response:  # noqa: ARG002 - DRF's signature
        """The frozen data; its digest is that of its canonical form."""
        pack = getattr(self.get_object(), "pack", None)
        if pack is None:
            raise Missing
        return Response({"digest": f"sha256:{pack.digest}", "data": json.loads(pack.data)})

    @extend_schema(responses=MinutesSerializer(many=True), filters=False)
    def minutes(self, request: Request, ref: str) -> Response:  # noqa: ARG002 - DRF's signature
        rows: QuerySet[Any] = self.get_object().minutes.select_related("written_by").order_by("-number")
        page = self.paginate_queryset(rows)
        return self.get_paginated_response(MinutesSerializer(page, many=True).data)

    @extend_schema(responses={201: MinutesSerializer})
    def correct(self, request: Request, ref: str) -> Response:  # noqa: ARG002 - DRF's signature
        made = services.edit_minutes(self.get_object(), actor=self.user, **self.validated())
        return Response(MinutesSerializer(made).data, status=201)


ANSWERS: dict[str | None, type[BaseSerializer[Any]]] = {
    "list": SessionSerializer,
    "proposals": ProposalSerializer,
    "minutes": MinutesSerializer,
}
"""What an action answers with, where that is not the whole session."""


class ItemViewSet(PortalViewSet[Item]):
    """The items of a session: votes, conflicts, opening and closing."""

    does = {"list": "bodies.read", "retrieve": "bodies.read", "votes": "bodies.read", "*": "bodies.sit"}
    serializer_class = ItemSerializer
    inputs = {"cast": NewBallot, "step_aside": ReasonInput, "close": CloseInput}
    default_sort = "number"
    lookup_field = "number"

    @cached_property
    def session(self) -> Session:
        rows = Session.objects.visible_to(self.user).with_ref(self.kwargs["ref"])
        found = rows.select_related("body__unit").first()
        if found is None:
            raise Missing
        return found

    def get_queryset(self) -> QuerySet[Item]:
        return self.session.items.select_related("session__body__unit", "system", "case", "proposed_by")

    def get_serializer_context(self) -> dict[str, Any]:
        return {**super().get_serializer_context(), "user": self.user, "now": timezone.now()}

    def get_serializer_class(self) -> type[BaseSerializer[Any]]:
        return BallotSerializer if self.action in {"votes", "cast"} else WholeItemSerializer

    @extend_schema(responses=ItemSerializer(many=True), filters=False)
    def list(self, request: Request, ref: str) -> Response:  # noqa: ARG002 - DRF's signature
        page = self.paginate_queryset(self.get_queryset())
        return self.get_paginated_response(ItemSerializer(page, many=True).data)

    @extend_schema(responses=WholeItemSerializer)
    def retrieve(self, request: Request, ref: str, number: int) -> Response:  # noqa: ARG002 - DRF's signature
        return self.answer(self.get_object())

    @extend_schema(responses=BallotSerializer(many=True), filters=False)
    def votes(self, request: Request, ref: str, number: int) -> Response:  # noqa: ARG002 - DRF's signature
        item = self.get_object()
        page = self.paginate_queryset(item.ballots.select_related("voter", "seat__person"))  # type: ignore[arg-type] # rows of another table
        context = {"closed": item.closed, "user": self.user}
        return self.get_paginated_response(BallotSerializer(page, many=True, context=context).data)

    @extend_schema(responses={201: BallotSerializer})
    def cast(self, request: Request, ref: str, number: int) -> Response:  # noqa: ARG002 - DRF's signature
        data = self.validated()
        demands = [Demand(**given) for given in data.pop("conditions", ())]
        ballot = services.cast_ballot(self.get_object(), actor=self.user, conditions=demands, **data)
        context = {"closed": False, "user": self.user}
        return Response(BallotSerializer(ballot, context=context).data, status=201)

    @extend_schema(responses=WholeItemSerializer)
    def step_aside(self, request: Request, ref: str, number: int) -> Response:  # noqa: ARG002 - DRF's signature
        services.declare_conflict(self.get_object(), actor=self.user, **self.validated())
        return self.answer(self.get_object())

    @extend_schema(request=None, responses=WholeItemSerializer)
    def open(self, request: Request, ref: str, number: int) -> Response:  # noqa: ARG002 - DRF's signature
        services.open_item(self.get_object(), actor=self.user)
        return self.answer(self.get_object())

    @extend_schema(responses=WholeItemSerializer)
    def close(self, request: Request, ref: str, number: int) -> Response:  # noqa: ARG002 - DRF's signature
        services.close_item(self.get_object(), actor=self.user, **self.validated())
        return self.answer(self.get_object())
