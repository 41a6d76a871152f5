from costs.checks import CHECKS
from costs.jobs import LOAD_BILL
from costs.metrics import BUDGET_FORECAST, BUDGET_SPENT, ORPHANED, RUN_COST
from costs.panels import RUN_COST_HOME, SYSTEM_COST, VERSION_COST
from costs.policies import BUDGET_LIMITS, ORPHAN_LIMITS
from portal.areas import Area, Feature, NavItem, Role

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
    features=(
        Feature(
            "8.1",
            "Chargeback",
            page="costs:costs",
            does="costs.read",
            state="partly",
            api="/api/v1/bills/, …/totals/, /api/v1/allocations/",
            job="import_focus, costs.load-bill",
            tests=("tests/costs",),
            missing="Statements of each unit with dispute, shares by a metered driver",
        ),
        Feature(
            "8.2",
            "Total cost of ownership",
            page="costs:own-or-rent",
            does="costs.read",
            state="partly",
            api="/api/v1/what-ifs/own-or-rent/",
            tests=("tests/costs",),
            missing="Analyses that are kept and reviewed, egress, carbon",
        ),
        Feature(
            "8.3",
            "Spot strategies",
            page="costs:spot",
            does="costs.read",
            state="partly",
            api="/api/v1/what-ifs/spot/",
            tests=("tests/costs",),
            missing="Training jobs that prove their checkpoints, who is eligible",
        ),
        Feature(
            "8.4",
            "Reserved contracts",
            page="costs:reservations",
            does="costs.read",
            state="partly",
            api="/api/v1/what-ifs/reservations/",
            tests=("tests/costs",),
            missing="Offers and negotiations, coverage and use watched, renewals",
        ),
        Feature(
            "8.5",
            "Quarterly cost review",
            page="costs:costs",
            does="costs.read",
            state="partly",
            job="run-check costs.orphans",
            tests=("tests/costs",),
            missing="The review as a case, decisions to keep or stop, whether they saved anything",
        ),
        Feature(
            "8.7",
            "Budgets and approvals",
            page="costs:budgets",
            does="costs.read",
            state="partly",
            api="/api/v1/budgets/",
            job="run-check costs.budget",
            tests=("tests/costs",),
            missing="Requests for experiments, the token their launcher presents, reconciliation",
        ),
    ),
    nav=(NavItem("Costs", "costs:costs", group="Build and run", does="costs.read", order=50),),
    may={
        "costs.read": READERS,
        "costs.bills.read": {Role.EXECUTIVE, Role.FINANCE, Role.AUDITOR},
        "costs.import": {Role.FINANCE, Role.OPERATIONS},
        "costs.rules": {Role.FINANCE},
        "costs.budget": {Role.FINANCE, Role.EXECUTIVE},
    },
    checks=CHECKS,
    jobs=(LOAD_BILL,),
    policies=(BUDGET_LIMITS, ORPHAN_LIMITS),
    metrics=(RUN_COST, BUDGET_SPENT, BUDGET_FORECAST, ORPHANED),
    panels=(RUN_COST_HOME,),
    version_panels=(VERSION_COST,),
    system_panels=(SYSTEM_COST,),
    simulate="costs.demo.simulate",
)
