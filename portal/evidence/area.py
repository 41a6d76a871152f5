from portal.areas import Area, NavItem, Role
from portal.evidence.jobs import SWEEP
from portal.evidence.panels import SYSTEM_EVIDENCE
from portal.evidence.renewal import ENDS, EVIDENCE_ENDS
from portal.evidence.selectors import find

READERS = frozenset(Role) - {Role.EMPLOYEE, Role.REPRESENTATIVE}

AREA = Area(
    slug="evidence",
    title="Evidence",
    nav=(NavItem("Evidence", "evidence:items", group="Assure", does="evidence.read", order=50),),
    may={
        "evidence.read": READERS,
        "evidence.add": READERS - {Role.AUDITOR, Role.ADMINISTRATOR, Role.EXECUTIVE},
        "evidence.discard": {Role.STEWARD, Role.ETHICS},
        "evidence.hold": {Role.ETHICS, Role.COMMITTEE},
    },
    jobs=(SWEEP,),
    case_kinds=(EVIDENCE_ENDS,),
    deadlines=(ENDS,),
    system_panels=(SYSTEM_EVIDENCE,),
    search=find,
)
