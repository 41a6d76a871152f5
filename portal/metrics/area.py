from portal.areas import Area, NavItem, Role
from portal.metrics.jobs import COMPUTE_KPI
from portal.metrics.search import find
from portal.metrics.services.values import KPI_VALUE

READERS = frozenset(Role) - {Role.EMPLOYEE, Role.REPRESENTATIVE}
REPORTERS = {
    Role.EXECUTIVE,
    Role.COMMITTEE,
    Role.ENGINEER,
    Role.STEWARD,
    Role.OPERATIONS,
    Role.FINANCE,
}

AREA = Area(
    slug="metrics",
    title="Metrics and KPIs",
    nav=(NavItem("Scorecard", "metrics:scorecard", group="Direct", does="metrics.read", order=10),),
    may={
        "metrics.read": READERS,
        "metrics.report": REPORTERS,
        "metrics.define": {Role.EXECUTIVE, Role.COMMITTEE},
    },
    jobs=(COMPUTE_KPI,),
    metrics=(KPI_VALUE,),
    search=find,
)
