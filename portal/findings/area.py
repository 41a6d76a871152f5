from portal.areas import Area, ModelTab, NavItem, Role
from portal.findings.jobs import END_WAIVERS, SEND_DIGESTS
from portal.findings.panels import MY_FINDINGS, SYSTEM_FINDINGS, VERSION_FINDINGS
from portal.findings.search import find
from portal.rights import SIGNED_IN

READERS = frozenset(Role) - {Role.EMPLOYEE, Role.REPRESENTATIVE}
ANSWERERS = {
    Role.ENGINEER,
    Role.STEWARD,
    Role.OPERATIONS,
    Role.FINANCE,
    Role.COMMITTEE,
    Role.ETHICS,
}

AREA = Area(
    slug="findings",
    title="Findings",
    nav=(
        NavItem("Inbox", "findings:inbox", group="", does=SIGNED_IN, order=20),
        NavItem("Findings", "findings:findings", group="Build and run", does="findings.read", order=60),
    ),
    may={
        "findings.read": READERS,
        "findings.answer": ANSWERERS,
        "findings.waive": {Role.COMMITTEE, Role.ETHICS, Role.EXECUTIVE},
    },
    jobs=(END_WAIVERS, SEND_DIGESTS),
    panels=(MY_FINDINGS,),
    system_panels=(SYSTEM_FINDINGS,),
    version_panels=(VERSION_FINDINGS,),
    tabs=(ModelTab("Findings", "findings:version", does="findings.read", order=60),),
    search=find,
)
