from django.urls import path

from portal.policies.api import PolicyViewSet, VersionViewSet

urlpatterns = [
    path("policies/", PolicyViewSet.as_view({"get": "list"}), name="policies"),
    path("policies/<slug:slug>/", PolicyViewSet.as_view({"get": "retrieve"}), name="policy"),
    path(
        "policies/<slug:slug>/versions/",
        VersionViewSet.as_view({"get": "list", "post": "propose"}),
        name="policy-versions",
    ),
    path(
        "policies/<slug:slug>/versions/<int:pk>/decision/",
        VersionViewSet.as_view({"post": "decide"}),
        name="policy-decision",
    ),
]
