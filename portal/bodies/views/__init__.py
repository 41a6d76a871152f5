"""Pages of bodies and sessions: lists, one body, one session with its items, packs, minutes, calendars."""

from portal.bodies.views.agenda import AcceptProposals, AddItem, AgendaPage, DropItem, MoveItem
from portal.bodies.views.bodies import AddSeat, BodyPage, EditBody, EndSeat, NameDeputy, NewBody, PlanSession
from portal.bodies.views.calendars import CalendarFile, Calendars, RevokeFeed
from portal.bodies.views.items import AddNote, CloseItem, DeclareConflict, ItemPage, NameCondition, OpenItem
from portal.bodies.views.records import EditMinutes, MinutesPage, PackJson, PackPage, PackPdf
from portal.bodies.views.sessions import (
    Answer,
    Arrive,
    CallSession,
    CancelSession,
    CloseSession,
    ExtendSession,
    FreezePack,
    MoveSession,
    SessionPage,
    SessionsPage,
    StartSession,
)

__all__ = [
    "AcceptProposals",
    "AddItem",
    "AddNote",
    "AddSeat",
    "AgendaPage",
    "Answer",
    "Arrive",
    "BodyPage",
    "CalendarFile",
    "Calendars",
    "CallSession",
    "CancelSession",
    "CloseItem",
    "CloseSession",
    "DeclareConflict",
    "DropItem",
    "EditBody",
    "EditMinutes",
    "EndSeat",
    "ExtendSession",
    "FreezePack",
    "ItemPage",
    "MinutesPage",
    "MoveItem",
    "MoveSession",
    "NameCondition",
    "NameDeputy",
    "NewBody",
    "OpenItem",
    "PackJson",
    "PackPage",
    "PackPdf",
    "PlanSession",
    "RevokeFeed",
    "SessionPage",
    "SessionsPage",
    "StartSession",
]
