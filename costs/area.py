from costs.metrics import BUDGET_FORECAST, BUDGET_SPENT, ORPHANED, RUN_COST
from portal.areas import Area, Role

READERS = {
    Role.EXECUTIVE,
    Role.COMMITTEE,
    Role.ENGINEER,
    Role.OPERATIONS,
    Role.FINANCE,
    Role.AUDITOR,
}

AREA = Area(
    slug="costs",
    title="Cost and accountability",
    may={
        "costs.read": READERS,
        "costs.bills": {Role.EXECUTIVE, Role.FINANCE, Role.AUDITOR},
        "costs.import": {Role.FINANCE, Role.OPERATIONS},
        "costs.rules": {Role.FINANCE},
        "costs.budget": {Role.FINANCE, Role.EXECUTIVE},
    },
    metrics=(RUN_COST, BUDGET_SPENT, BUDGET_FORECAST, ORPHANED),
)
