"""The Celery application. ``portal.jobs`` binds it when Django starts; importing a number loads nothing."""

from celery import Celery

app = Celery("portal")
app.config_from_object("django.conf:settings", namespace="CELERY")
