from monitoring.checks import CHECKS
from monitoring.jobs.loading import LOAD_DELIVERY
from monitoring.jobs.profiling import PROFILE_MONTH
from monitoring.policies import DRIFT_LIMITS, FAIRNESS_LIMITS, PERFORMANCE_LIMITS
from portal.areas import Area, Role

READERS = frozenset(
    {
        Role.EXECUTIVE,
        Role.COMMITTEE,
        Role.ETHICS,
        Role.ENGINEER,
        Role.STEWARD,
        Role.OPERATIONS,
        Role.AUDITOR,
    }
)

AREA = Area(
    slug="monitoring",
    title="Continuous monitoring",
    may={
        "monitoring.read": READERS,
        "monitoring.ingest": {Role.ENGINEER, Role.OPERATIONS},
        "monitoring.ingest_attributes": {Role.ENGINEER, Role.STEWARD},
        "monitoring.freeze": {Role.ENGINEER},
    },
    jobs=(PROFILE_MONTH, LOAD_DELIVERY),
    checks=CHECKS,
    policies=(DRIFT_LIMITS, FAIRNESS_LIMITS, PERFORMANCE_LIMITS),
    metrics=tuple(kind for check in CHECKS for kind in check.metrics),
)
