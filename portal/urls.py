"""Routes, derived from the areas: pages by their ``urls``, the native API by their ``api_urls``."""

from importlib import import_module
from importlib.util import find_spec

from django.conf import settings
from django.urls import URLPattern, URLResolver, include, path, re_path

from portal.api.views import nowhere


def of_areas(module: str) -> list[URLResolver]:
    """The routes of every area that has a module of that name."""
    return [
        path("", include(f"{area}.{module}"))
        for area in settings.PORTAL_AREAS
        if find_spec(f"{area}.{module}") is not None
    ]


def native_api() -> list[URLPattern | URLResolver]:
    """The routes under /api/v1/ of every area that has ``api_urls``."""
    return [
        route
        for area in settings.PORTAL_AREAS
        if find_spec(f"{area}.api_urls") is not None
        for route in import_module(f"{area}.api_urls").urlpatterns
    ]


urlpatterns: list[URLPattern | URLResolver] = [
    path("api/v1/", include((native_api(), "v1"))),
    path("accounts/", include("allauth.urls")),
    *of_areas("urls"),
    re_path(r"^api/[\s\S]*/$", nowhere),
]
