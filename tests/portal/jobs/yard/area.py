from portal.areas import Area
from tests.portal.jobs.yard.work import DAILY, HOURLY, NOTE, SHORT, TROUBLE, WORK

AREA = Area(slug="yard", title="Yard", jobs=(NOTE, WORK, TROUBLE, SHORT, HOURLY, DAILY))
