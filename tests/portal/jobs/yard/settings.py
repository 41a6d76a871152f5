"""The settings of a worker process that knows the yard."""

from portal.settings import *  # noqa: F403
from portal.settings import PORTAL_AREAS

PORTAL_AREAS = [*PORTAL_AREAS, "tests.portal.jobs.yard"]
