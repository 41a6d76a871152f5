from django.urls import path

from portal.registry import views

app_name = "registry"
urlpatterns = [
    path("systems/", views.Systems.as_view(), name="systems"),
    path("systems/propose/", views.ProposeSystem.as_view(), name="propose"),
    path("systems/<str:ref>/", views.SystemDetail.as_view(), name="system"),
    path("systems/<str:ref>/edit/", views.EditSystem.as_view(), name="edit-system"),
    path("systems/<str:ref>/move/", views.MoveSystem.as_view(), name="move-system"),
    path("systems/<str:ref>/access/", views.GrantAccess.as_view(), name="grant-access"),
    path("systems/<str:ref>/access/<int:pk>/end/", views.EndAccess.as_view(), name="end-access"),
    path("suggest/systems/", views.SuggestSystems.as_view(), name="suggest"),
    path("models/", views.Models.as_view(), name="models"),
    path("in-production/", views.InProduction.as_view(), name="in-production"),
    path("models/register/", views.RegisterModel.as_view(), name="register"),
    path("models/<str:name>/", views.ModelRedirect.as_view(), name="model"),
    path("models/<str:name>/v/<int:number>/", views.VersionDetail.as_view(), name="version"),
    path("models/<str:name>/v/<int:number>/promote/", views.Promote.as_view(), name="promote"),
]
