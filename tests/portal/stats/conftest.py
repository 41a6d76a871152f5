"""Properties are checked without a stop watch, the machine is shared, and on fifty examples each."""

from hypothesis import settings

settings.register_profile("stats", deadline=None, max_examples=50)
settings.load_profile("stats")
