from django.urls import path

from portal.accounts.api import PersonViewSet, TokenViewSet, UnitViewSet

urlpatterns = [
    path("units/", UnitViewSet.as_view({"get": "list", "post": "create"}), name="units"),
    path("units/<slug:slug>/", UnitViewSet.as_view({"get": "retrieve"}), name="unit"),
    path("people/", PersonViewSet.as_view({"get": "list"}), name="people"),
    path("people/<str:username>/", PersonViewSet.as_view({"get": "retrieve"}), name="person"),
    path("tokens/", TokenViewSet.as_view({"get": "list", "post": "create"}), name="tokens"),
    path("tokens/<int:pk>/", TokenViewSet.as_view({"delete": "destroy"}), name="token"),
]
