from monitoring.jobs.loading import LOAD_DELIVERY
from monitoring.jobs.profiling import PROFILE_MONTH
from portal.areas import Area, Feature, NavItem, Role

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
    features=(),
    nav=(),
    may={
        "monitoring.read": READERS,
        "monitoring.ingest": {Role.ENGINEER, Role.OPERATIONS},
        "monitoring.ingest_attributes": {Role.ENGINEER, Role.STEWARD},
        "monitoring.freeze": {Role.ENGINEER},
    },
    jobs=(PROFILE_MONTH, LOAD_DELIVERY),
)

__all__ = ["AREA", "Feature", "NavItem"]
