from django.urls import path

from portal.checks import views

app_name = "checks"
urlpatterns = [
    path("checks/", views.Checks.as_view(), name="checks"),
    path("checks/evaluations/<int:pk>/", views.EvaluationPage.as_view(), name="evaluation"),
    path("checks/<str:slug>/", views.CheckPage.as_view(), name="check"),
]
