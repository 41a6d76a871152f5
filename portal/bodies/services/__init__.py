"""Every write of bodies: seats, sessions and their agenda, votes and outcomes, minutes and feeds."""

from portal.bodies.services.agenda import accept_proposals, add_item, drop_item, move_item
from portal.bodies.services.bodies import add_seat, change_body, create_body, end_seat, name_deputy
from portal.bodies.services.closing import close_item, close_session
from portal.bodies.services.feeds import feed_of, issue_feed, revoke_feed
from portal.bodies.services.minutes import edit_minutes
from portal.bodies.services.planning import (
    answer_invitation,
    call_session,
    cancel_session,
    create_session,
    move_session,
    plan_next,
)
from portal.bodies.services.running import add_note, arrive, extend, freeze_pack, open_item, start_session
from portal.bodies.services.voting import Demand, cast_ballot, declare_conflict, propose_condition

__all__ = [
    "Demand",
    "accept_proposals",
    "add_item",
    "add_note",
    "add_seat",
    "answer_invitation",
    "arrive",
    "call_session",
    "cancel_session",
    "cast_ballot",
    "change_body",
    "close_item",
    "close_session",
    "create_body",
    "create_session",
    "declare_conflict",
    "drop_item",
    "edit_minutes",
    "end_seat",
    "extend",
    "feed_of",
    "freeze_pack",
    "issue_feed",
    "move_item",
    "move_session",
    "name_deputy",
    "open_item",
    "plan_next",
    "propose_condition",
    "revoke_feed",
    "start_session",
]
