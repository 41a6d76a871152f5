from django.apps import AppConfig


class JobsConfig(AppConfig):
    name = "portal.jobs"
    label = "jobs"

    def ready(self) -> None:
        """Bind the Celery application, so that a ring from a web process finds the configured broker."""
        from portal.celery import app  # noqa: PLC0415 - importing the package must not load Celery
        from portal.jobs import tasks, worker  # noqa: F401, PLC0415 - tasks register themselves

        app.set_current()
        app.set_default()
        worker.extend(app)
