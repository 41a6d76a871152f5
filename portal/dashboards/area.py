from portal.areas import Area, NavItem

AREA = Area(
    slug="dashboards",
    title="Homes",
    nav=(NavItem("Home", "dashboards:home", group="", does="signed_in", order=10),),
)
