from django.urls import path

from portal.cases.api import CaseViewSet, SystemCaseViewSet

urlpatterns = [
    path("cases/", CaseViewSet.as_view({"get": "list"}), name="cases"),
    path("cases/<str:ref>/", CaseViewSet.as_view({"get": "retrieve"}), name="case"),
    path("cases/<str:ref>/votes/", CaseViewSet.as_view({"get": "votes", "post": "cast"}), name="case-votes"),
    path(
        "cases/<str:ref>/conflicts/",
        CaseViewSet.as_view({"get": "conflicts", "post": "step_aside"}),
        name="case-conflicts",
    ),
    path("systems/<str:system>/cases/", SystemCaseViewSet.as_view({"get": "list"}), name="system-cases"),
]
