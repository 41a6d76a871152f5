from portal.areas import EVERYONE, Area, NavItem, Role

AREA = Area(
    slug="accounts",
    title="People and access",
    nav=(
        NavItem("People and units", "accounts:people", group="Admin", does="accounts.administer", order=10),
        NavItem("Organisation", "accounts:organisation", group="Admin", does="accounts.administer", order=20),
    ),
    may={
        "accounts.read": EVERYONE,
        "accounts.administer": {Role.ADMINISTRATOR},
        "accounts.metrics": {Role.ADMINISTRATOR, Role.OPERATIONS},
    },
    simulate="portal.accounts.demo.simulate",
)
