from portal.areas import Area, NavItem
from portal.dashboards.panels import PANELS

AREA = Area(
    slug="dashboards",
    title="Homes",
    nav=(NavItem("Home", "dashboards:home", group="", does="signed_in", order=10),),
    panels=PANELS,
)
