from django.urls import path

from monitoring import views

app_name = "monitoring"
VERSION = "models/<str:name>/v/<int:number>/"
urlpatterns = [
    path(f"{VERSION}drift/", views.DriftPage.as_view(), name="drift"),
    path(f"{VERSION}drift/explore/", views.DriftExplore.as_view(), name="drift-explore"),
    path(f"{VERSION}fairness/", views.FairnessPage.as_view(), name="fairness"),
    path(f"{VERSION}performance/", views.PerformancePage.as_view(), name="performance"),
    path("deliveries/<int:pk>/refused/", views.Quarantine.as_view(), name="quarantine"),
]
