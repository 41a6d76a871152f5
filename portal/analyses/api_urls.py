from django.urls import path

from portal.analyses.api import AnalysisKindViewSet, AnalysisViewSet, ComparisonView

urlpatterns = [
    path("analyses/", AnalysisViewSet.as_view({"get": "list", "post": "create"}), name="analyses"),
    path("analyses/kinds/", AnalysisKindViewSet.as_view({"get": "list"}), name="analysis-kinds"),
    path(
        "analyses/kinds/<slug:slug>/", AnalysisKindViewSet.as_view({"get": "retrieve"}), name="analysis-kind"
    ),
    path(
        "analyses/kinds/<slug:slug>/results/",
        AnalysisKindViewSet.as_view({"post": "results"}),
        name="analysis-kind-results",
    ),
    path("analyses/comparison/", ComparisonView.as_view({"get": "list"}), name="analysis-comparison"),
    path(
        "analyses/<str:ref>/",
        AnalysisViewSet.as_view({"get": "retrieve", "patch": "partial_update"}),
        name="analysis",
    ),
    path(
        "analyses/<str:ref>/setting-aside/",
        AnalysisViewSet.as_view({"post": "put_aside"}),
        name="analysis-aside",
    ),
]
