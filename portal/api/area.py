from portal.areas import Area

AREA = Area(slug="api", title="API")
