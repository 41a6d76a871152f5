from portal.areas import Area, NavItem, Role
from portal.policies.keeping import KEEPING, PRUNE_RUNS

READERS = frozenset(Role) - {Role.EMPLOYEE, Role.REPRESENTATIVE}
DECIDERS = {Role.EXECUTIVE, Role.COMMITTEE, Role.ETHICS}

AREA = Area(
    slug="policies",
    title="Policies",
    nav=(NavItem("Policies", "policies:policies", group="Assure", does="policies.read", order=60),),
    jobs=(PRUNE_RUNS,),
    policies=(KEEPING,),
    may={
        "policies.read": READERS,
        "policies.propose": DECIDERS | {Role.ENGINEER, Role.STEWARD, Role.OPERATIONS, Role.FINANCE},
        "policies.decide": DECIDERS,
    },
)
