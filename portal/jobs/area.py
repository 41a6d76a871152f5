from portal.areas import Area, Role
from portal.jobs.jobs import TIDY

READERS = {
    Role.ENGINEER,
    Role.STEWARD,
    Role.OPERATIONS,
    Role.FINANCE,
    Role.COMMITTEE,
    Role.ETHICS,
    Role.EXECUTIVE,
    Role.AUDITOR,
    Role.ADMINISTRATOR,
}
RUNNERS = {Role.ENGINEER, Role.STEWARD, Role.OPERATIONS, Role.FINANCE, Role.ADMINISTRATOR}

AREA = Area(
    slug="jobs",
    title="Runs",
    jobs=(TIDY,),
    may={
        "jobs.read": READERS,
        "jobs.portal.read": {Role.AUDITOR, Role.ADMINISTRATOR},
        "jobs.run": RUNNERS,
        "jobs.replay": RUNNERS,
        "jobs.deliveries.read": {Role.AUDITOR, Role.ADMINISTRATOR},
        "jobs.deliveries": {Role.ADMINISTRATOR},
    },
)
