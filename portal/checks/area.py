from portal.areas import Area, Role
from portal.checks.jobs import ORDER_CHECKS, RUN_CHECK
from portal.checks.panels import VERSION_CHECKS
from portal.checks.policies import ALERTING

READERS = frozenset(Role) - {Role.EMPLOYEE, Role.REPRESENTATIVE}

AREA = Area(
    slug="checks",
    title="Checks",
    may={"checks.read": READERS},
    jobs=(ORDER_CHECKS, RUN_CHECK),
    policies=(ALERTING,),
    version_panels=(VERSION_CHECKS,),
)
