from django.apps import AppConfig


class OidcConfig(AppConfig):
    name = "portal.accounts.oidc"
    label = "oidc"
