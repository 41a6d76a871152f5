from portal.areas import Area
from tests.portal.jobs.yard.work import CHAIN, DAILY, HOURLY, NOTE, SHORT, TROUBLE, WORK

AREA = Area(slug="yard", title="Yard", jobs=(NOTE, CHAIN, WORK, TROUBLE, SHORT, HOURLY, DAILY))
