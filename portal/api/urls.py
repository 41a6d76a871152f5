from django.urls import path

from portal.api import health, views

app_name = "api"
urlpatterns = [
    path("healthz", health.live, name="live"),
    path("readyz", health.ready, name="ready"),
    path("version", health.version, name="version"),
    path("api/schema/", views.Schema.as_view(), name="schema"),
    path("api/docs/", views.swagger, name="docs"),
    path("api/redoc/", views.redoc, name="redoc"),
    path("api/problems/<slug:kind>/", views.ProblemType.as_view(), name="problem"),
]
