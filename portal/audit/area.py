"""What the audit declares: who reads which entries."""

from portal.areas import Area, NavItem, Role
from portal.audit.jobs import SEAL, VERIFY
from portal.audit.panels import AUDIT_STATE

READERS = {
    Role.EXECUTIVE,
    Role.COMMITTEE,
    Role.ETHICS,
    Role.ENGINEER,
    Role.STEWARD,
    Role.OPERATIONS,
    Role.AUDITOR,
}

AREA = Area(
    slug="audit",
    title="Audit",
    nav=(NavItem("Audit", page="audit:entries", group="Assure", does="audit.read", order=90),),
    may={
        "audit.read": READERS | {Role.ADMINISTRATOR},
        "audit.content.read": READERS,
        "audit.all.read": {Role.AUDITOR, Role.ADMINISTRATOR},
        "audit.export.read": {Role.AUDITOR},
    },
    jobs=(SEAL, VERIFY),
    panels=(AUDIT_STATE,),
)
