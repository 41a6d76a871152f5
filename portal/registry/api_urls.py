from typing import Any

from django.urls import path

from portal.registry.api import AssignmentViewSet, ModelViewSet, SystemViewSet, VersionViewSet

LIST: dict[str, Any] = {"get": "list", "post": "create"}
ROW: dict[str, Any] = {"get": "retrieve", "patch": "partial_update"}
VERSION = "models/<str:name>/versions/<int:number>/"

urlpatterns = [
    path("systems/", SystemViewSet.as_view(LIST), name="systems"),
    path("systems/<str:ref>/", SystemViewSet.as_view(ROW), name="system"),
    path("systems/<str:ref>/stage/", SystemViewSet.as_view({"post": "stage"}), name="system-stage"),
    path("models/", ModelViewSet.as_view(LIST), name="models"),
    path("models/<str:name>/", ModelViewSet.as_view(ROW), name="model"),
    path("models/<str:name>/versions/", VersionViewSet.as_view(LIST), name="versions"),
    path(VERSION, VersionViewSet.as_view(ROW), name="version"),
    path(f"{VERSION}gates/", VersionViewSet.as_view({"get": "gates"}), name="version-gates"),
    path(f"{VERSION}promotions/", VersionViewSet.as_view({"post": "promotions"}), name="version-promotions"),
    path(
        "environments/<slug:environment>/assignments/",
        AssignmentViewSet.as_view({"get": "list"}),
        name="assignments",
    ),
]
