"""Bodies and seats; sessions and attendance; items, ballots, conflicts and conditions; packs, minutes, feeds.

The triggers of migration 0002 guard them.
"""

from portal.bodies.models.bodies import Body, Function, Kind, Majority, Mode, Rhythm, Seat, Tie
from portal.bodies.models.items import Ballot, Conflict, Item, ItemCondition, ItemState, Note
from portal.bodies.models.records import Feed, Minutes, Pack
from portal.bodies.models.sessions import Attendance, Reply, Session, State

__all__ = [
    "Attendance",
    "Ballot",
    "Body",
    "Conflict",
    "Feed",
    "Function",
    "Item",
    "ItemCondition",
    "ItemState",
    "Kind",
    "Majority",
    "Minutes",
    "Mode",
    "Note",
    "Pack",
    "Reply",
    "Rhythm",
    "Seat",
    "Session",
    "State",
    "Tie",
]
