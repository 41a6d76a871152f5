from django.urls import path

from portal.metrics.api import KpiSampleViewSet, KpiViewSet, MetricViewSet, SampleViewSet

urlpatterns = [
    path("kpis/", KpiViewSet.as_view({"get": "list", "post": "create"}), name="kpis"),
    path("kpis/<slug:slug>/", KpiViewSet.as_view({"get": "retrieve", "patch": "partial_update"}), name="kpi"),
    path("kpis/<slug:slug>/targets/", KpiViewSet.as_view({"post": "targets"}), name="kpi-targets"),
    path("kpis/<slug:slug>/check-ins/", KpiViewSet.as_view({"post": "check_ins"}), name="kpi-check-ins"),
    path(
        "kpis/<slug:slug>/samples/",
        KpiSampleViewSet.as_view({"get": "list", "post": "record"}),
        name="kpi-samples",
    ),
    path("metrics/", MetricViewSet.as_view({"get": "list"}), name="metrics"),
    path("metrics/<str:slug>/samples/", SampleViewSet.as_view({"get": "list"}), name="metric-samples"),
]
