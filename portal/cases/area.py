from portal.areas import EVERYONE, Area, ModelTab, NavItem, Role
from portal.cases.jobs import SWEEP
from portal.cases.panels import DECISIONS_WAITING, SYSTEM_REVIEWS, VERSION_REVIEWS
from portal.cases.selectors.search import find
from portal.cases.services.waivers import GATE_WAIVER

WATCHERS = {Role.AUDITOR, Role.ADMINISTRATOR}
"""They change nothing in the content of governance."""

AREA = Area(
    slug="cases",
    title="Reviews",
    nav=(NavItem("Reviews", "cases:cases", group="Direct", does="cases.read", order=30),),
    may={
        "cases.read": EVERYONE,
        "cases.unit.read": EVERYONE - {Role.EMPLOYEE, Role.REPRESENTATIVE, Role.ADMINISTRATOR},
        "cases.open": {Role.ENGINEER, Role.STEWARD, Role.OPERATIONS},
        "cases.vote": EVERYONE - WATCHERS,
        "cases.comment": EVERYONE - WATCHERS,
    },
    jobs=(SWEEP,),
    case_kinds=(GATE_WAIVER,),
    panels=(DECISIONS_WAITING,),
    tabs=(ModelTab("Approvals", "cases:approvals", does="cases.read", order=80),),
    version_panels=(VERSION_REVIEWS,),
    system_panels=(SYSTEM_REVIEWS,),
    search=find,
)
