from django.urls import path

from portal.policies import views

app_name = "policies"
urlpatterns = [
    path("policies/", views.Policies.as_view(), name="policies"),
    path("policies/<str:slug>/", views.PolicyPage.as_view(), name="policy"),
    path("policies/<str:slug>/propose/", views.Propose.as_view(), name="propose"),
    path("policies/<str:slug>/proposals/<int:pk>/", views.Decide.as_view(), name="decide"),
    path("policies/<str:slug>/systems/<str:ref>/end/", views.EndOwn.as_view(), name="end-own"),
]
