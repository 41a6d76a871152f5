from portal.areas import Area, NavItem, Role

AREA = Area(
    slug="web",
    title="Pages",
    nav=(
        NavItem("Gallery", "web:gallery", group="Admin", does="web.gallery", order=90),
        NavItem("Help", "web:help", group="Foot", does="public", order=90),
    ),
    may={"web.gallery": {Role.ADMINISTRATOR}},
)
