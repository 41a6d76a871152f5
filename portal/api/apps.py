from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "portal.api"
    label = "api"

    def ready(self) -> None:
        """Refuse to start with a rate that nobody can read."""
        from portal.api import rates  # noqa: PLC0415 - needs the app registry

        for name in rates.SETTINGS:
            rates.allowance(name)
