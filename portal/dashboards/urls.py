from django.urls import path

from portal.dashboards.views import Home

app_name = "dashboards"
urlpatterns = [
    path("", Home.as_view(), name="home"),
    path("home/<str:role>/", Home.as_view(), name="role-home"),
]
