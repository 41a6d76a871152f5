from django.urls import path

from portal.policies.api import PolicyVersionViewSet, PolicyViewSet

urlpatterns = [
    path("policies/", PolicyViewSet.as_view({"get": "list"}), name="policies"),
    path("policies/<str:slug>/", PolicyViewSet.as_view({"get": "retrieve"}), name="policy"),
    path(
        "policies/<str:slug>/versions/",
        PolicyVersionViewSet.as_view({"get": "list", "post": "propose"}),
        name="policy-versions",
    ),
    path(
        "policies/<str:slug>/versions/<int:pk>/decision/",
        PolicyVersionViewSet.as_view({"post": "decide"}),
        name="policy-decision",
    ),
]
