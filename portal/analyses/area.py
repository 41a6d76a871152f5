from portal.analyses.panels import SYSTEM_ANALYSES
from portal.analyses.selectors import search
from portal.areas import Area, NavItem, Role

WRITERS = {
    Role.EXECUTIVE,
    Role.COMMITTEE,
    Role.ENGINEER,
    Role.STEWARD,
    Role.OPERATIONS,
    Role.FINANCE,
}

AREA = Area(
    slug="analyses",
    title="Analyses",
    nav=(NavItem("Analyses", "analyses:analyses", group="Direct", does="analyses.read", order=40),),
    may={
        "analyses.read": WRITERS | {Role.ETHICS, Role.AUDITOR},
        "analyses.write": WRITERS,
    },
    system_panels=(SYSTEM_ANALYSES,),
    search=search,
)
