from portal.areas import EVERYONE, Area, NavItem, Role
from portal.bodies.jobs import END_VOTES, PLAN_SESSIONS
from portal.bodies.panels import NEXT_SESSION
from portal.bodies.selectors.search import find
from portal.bodies.services.follow_up import ACTION
from portal.bodies.topics import TOPICS

WATCHERS = {Role.AUDITOR, Role.ADMINISTRATOR}
"""They change nothing in the content of governance."""

AREA = Area(
    slug="bodies",
    title="Bodies and sessions",
    nav=(NavItem("Sessions", "bodies:sessions", group="Direct", does="bodies.read", order=40),),
    may={
        "bodies.read": EVERYONE,
        "bodies.unit.read": {Role.EXECUTIVE, Role.COMMITTEE, Role.ETHICS, Role.AUDITOR},
        "bodies.define": {Role.EXECUTIVE, Role.COMMITTEE, Role.ETHICS},
        "bodies.sit": EVERYONE - WATCHERS,
    },
    jobs=(PLAN_SESSIONS, END_VOTES),
    case_kinds=(ACTION,),
    topics=TOPICS,
    panels=(NEXT_SESSION,),
    search=find,
    simulate="portal.bodies.demo.simulate",
)
