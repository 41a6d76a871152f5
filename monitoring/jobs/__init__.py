"""Celery entry points of monitoring: counting days, loading large deliveries, sealing small ones."""
