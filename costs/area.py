from portal.areas import Area

AREA = Area(slug="costs", title="Cost and accountability")
