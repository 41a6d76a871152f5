from django.urls import path

from portal.jobs.api import RunViewSet

urlpatterns = [
    path("runs/", RunViewSet.as_view({"get": "list", "post": "create"}), name="runs"),
    path("runs/<int:number>/", RunViewSet.as_view({"get": "retrieve"}), name="run"),
    path("runs/<int:number>/replay/", RunViewSet.as_view({"post": "replay"}), name="run-replay"),
    path("runs/<int:number>/dismiss/", RunViewSet.as_view({"post": "dismiss"}), name="run-dismiss"),
]
