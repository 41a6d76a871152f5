from portal.areas import Area, NavItem, Role
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
    nav=(
        NavItem("Runs", "jobs:runs", group="Build and run", does="jobs.read", order=80),
        NavItem("Deliveries", "jobs:deliveries", group="Admin", does="jobs.deliveries.read", order=60),
    ),
    jobs=(TIDY,),
    may={
        "jobs.read": READERS,
        "jobs.portal.read": {Role.AUDITOR, Role.ADMINISTRATOR},
        "jobs.run": RUNNERS,
        "jobs.portal.run": {Role.ADMINISTRATOR},
        "jobs.replay": RUNNERS,
        "jobs.deliveries.read": {Role.AUDITOR, Role.ADMINISTRATOR},
        "jobs.deliveries": {Role.ADMINISTRATOR},
    },
)
