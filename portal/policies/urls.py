from django.urls import path

from portal.policies import views

app_name = "policies"
urlpatterns = [
    path("policies/", views.Policies.as_view(), name="policies"),
    path("policies/<slug:slug>/", views.PolicyPage.as_view(), name="policy"),
    path("policies/<slug:slug>/propose/", views.Propose.as_view(), name="propose"),
    path("policies/<slug:slug>/proposals/<int:pk>/", views.Decide.as_view(), name="decide"),
    path("policies/<slug:slug>/systems/<str:ref>/end/", views.EndOwn.as_view(), name="end-own"),
]
