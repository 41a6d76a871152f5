"""Properties are checked without a stop watch: the machine is shared."""

from hypothesis import settings

settings.register_profile("stats", deadline=None)
settings.load_profile("stats")
