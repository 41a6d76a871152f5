from portal.areas import Area, ModelTab, NavItem, Role

READERS = frozenset(Role) - {Role.EMPLOYEE, Role.REPRESENTATIVE}

AREA = Area(
    slug="registry",
    title="Systems and models",
    nav=(
        NavItem("Systems", "registry:systems", group="Direct", does="registry.read", order=20),
        NavItem("Models", "registry:models", group="Build and run", does="registry.read", order=10),
    ),
    may={
        "registry.read": READERS,
        "registry.propose": {Role.ENGINEER, Role.STEWARD, Role.EXECUTIVE, Role.COMMITTEE},
        "registry.edit": {Role.ENGINEER, Role.STEWARD},
        "registry.stage": {Role.COMMITTEE, Role.EXECUTIVE},
        "registry.register": {Role.ENGINEER},
        "registry.promote": {Role.ENGINEER, Role.OPERATIONS},
        "registry.gates": {Role.COMMITTEE},
        "registry.grant": {Role.COMMITTEE, Role.ETHICS},
    },
    tabs=(ModelTab("Overview", "registry:version", does="registry.read", order=10),),
    simulate="portal.registry.demo.simulate",
)
