from django.urls import path

from portal.checks.api import CheckViewSet, EvaluationViewSet

urlpatterns = [
    path("checks/", CheckViewSet.as_view({"get": "list"}), name="checks"),
    path("checks/<str:slug>/", CheckViewSet.as_view({"get": "retrieve"}), name="check"),
    path(
        "checks/<str:slug>/evaluations/",
        EvaluationViewSet.as_view({"get": "list"}),
        name="check-evaluations",
    ),
]
