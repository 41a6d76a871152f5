"""The people of the simulated organisation, Fennmark Group."""

from __future__ import annotations

from datetime import UTC, datetime, time

from portal.accounts.models import Unit
from portal.accounts.services import add_membership, create_unit, create_user, set_up_organisation
from portal.areas import Role, Story

UNITS = (
    ("retail-banking", "Retail Banking"),
    ("insurance", "Insurance"),
    ("stores", "Stores and Supply"),
    ("customer-service", "Customer Service"),
    ("group-functions", "Group Functions"),
)
ROOT = "organisation"

PEOPLE: tuple[tuple[str, str, tuple[tuple[Role, str], ...]], ...] = (
    ("maya", "Maya Lindqvist", ((Role.EXECUTIVE, ROOT),)),
    ("chen", "Chen Novak", ((Role.COMMITTEE, ROOT),)),
    ("ann", "Ann Haddad", ((Role.COMMITTEE, ROOT),)),
    ("bob", "Bob Sato", ((Role.COMMITTEE, ROOT),)),
    ("dara", "Dara Duarte", ((Role.ETHICS, ROOT),)),
    ("eli", "Eli Osei", ((Role.ETHICS, ROOT),)),
    (
        "erin",
        "Erin Okafor",
        ((Role.ENGINEER, "retail-banking"), (Role.ENGINEER, "customer-service")),
    ),
    ("zoe", "Zoe Adeyemi", ((Role.ENGINEER, "insurance"), (Role.ENGINEER, "stores"))),
    ("sam", "Sam Iyer", ((Role.STEWARD, ROOT),)),
    ("oli", "Oli Jansen", ((Role.OPERATIONS, ROOT),)),
    ("fay", "Fay Fischer", ((Role.FINANCE, ROOT),)),
    ("lee", "Lee Walsh", ((Role.EMPLOYEE, "customer-service"),)),
    ("rex", "Rex Reyes", ((Role.REPRESENTATIVE, ROOT),)),
    ("otto", "Otto Brandt", ((Role.AUDITOR, ROOT),)),
    ("ada", "Ada Berg", ((Role.ADMINISTRATOR, ROOT),)),
)


def simulate(story: Story) -> None:
    """The organisation, its units and the cast."""
    begun = datetime.combine(story.start, time(8), UTC)
    set_up_organisation(
        "Fennmark Group", actor=None, time_zone="Europe/Paris", currency="EUR", simulated=True
    )
    root = Unit.objects.get(parent=None)
    story.units[ROOT] = root
    for slug, name in UNITS:
        story.units[slug] = create_unit(name, slug=slug, parent=root, actor=None)
    for username, name, memberships in PEOPLE:
        person = create_user(
            username,
            name=name,
            email=f"{username}@fennmark.example",
            password=story.password,
            actor=None,
        )
        for role, unit in memberships:
            add_membership(person, role, story.units[unit], actor=None, at=begun)
        story.people[username] = person
