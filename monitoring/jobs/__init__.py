"""Celery entry points of monitoring: ``profiling`` counts days, ``loading`` loads large deliveries."""
