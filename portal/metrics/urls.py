from django.urls import path

from portal.metrics import views

app_name = "metrics"
urlpatterns = [
    path("scorecard/", views.ScorecardPage.as_view(), name="scorecard"),
    path("scorecard/define/", views.DefineKpi.as_view(), name="define"),
    path("scorecard/pillars/new/", views.NewPillar.as_view(), name="pillar"),
    path("scorecard/<slug:slug>/", views.KpiPage.as_view(), name="kpi"),
    path("scorecard/<slug:slug>/edit/", views.EditKpi.as_view(), name="edit"),
    path("scorecard/<slug:slug>/target/", views.SetTarget.as_view(), name="target"),
    path("scorecard/<slug:slug>/value/", views.EnterValue.as_view(), name="value"),
    path("scorecard/<slug:slug>/import/", views.ImportValues.as_view(), name="import"),
    path("scorecard/<slug:slug>/check-ins/", views.CheckIns.as_view(), name="check-ins"),
    path("scorecard/<slug:slug>/check-ins/new/", views.WriteCheckIn.as_view(), name="check-in"),
    path("scorecard/<slug:slug>/contributions/", views.Contributions.as_view(), name="contributions"),
    path("scorecard/<slug:slug>/retire/", views.RetireKpi.as_view(), name="retire"),
]
