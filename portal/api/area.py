from portal.api.jobs import FORGET_ANSWERS, FORGET_CALLERS
from portal.areas import Area

AREA = Area(slug="api", title="API", jobs=(FORGET_ANSWERS, FORGET_CALLERS))
