from django.urls import include, path

from lifecycle.development import views

app_name = "development"
urlpatterns = [
    path("", include("lifecycle.development.mlflow.urls")),
    path("models/<str:name>/v/<int:number>/release/", views.RequestRelease.as_view(), name="request-release"),
    path("models/<str:name>/assign/", views.AssignSystem.as_view(), name="assign-system"),
]
