from django.urls import path

from portal.bodies.api import BodyViewSet, ItemViewSet, SessionViewSet

SESSION = "sessions/<str:ref>/"
ITEM = f"{SESSION}items/<int:number>/"

urlpatterns = [
    path("bodies/", BodyViewSet.as_view({"get": "list", "post": "create"}), name="bodies"),
    path(
        "bodies/<slug:slug>/",
        BodyViewSet.as_view({"get": "retrieve", "patch": "partial_update"}),
        name="body",
    ),
    path(
        "bodies/<slug:slug>/seats/",
        BodyViewSet.as_view({"get": "seats", "post": "add_seat"}),
        name="body-seats",
    ),
    path("sessions/", SessionViewSet.as_view({"get": "list", "post": "create"}), name="sessions"),
    path(SESSION, SessionViewSet.as_view({"get": "retrieve"}), name="session"),
    path(
        f"{SESSION}items/",
        ItemViewSet.as_view({"get": "list"}),
        name="session-items",
    ),
    path(f"{SESSION}agenda/", SessionViewSet.as_view({"post": "add_item"}), name="session-agenda"),
    path(
        f"{SESSION}proposals/",
        SessionViewSet.as_view({"get": "proposals", "post": "accept"}),
        name="session-proposals",
    ),
    path(f"{SESSION}reply/", SessionViewSet.as_view({"post": "answer_invitation"}), name="session-reply"),
    path(f"{SESSION}cancellation/", SessionViewSet.as_view({"post": "cancel"}), name="session-cancellation"),
    path(f"{SESSION}pack/", SessionViewSet.as_view({"get": "pack"}), name="session-pack"),
    path(
        f"{SESSION}minutes/",
        SessionViewSet.as_view({"get": "minutes", "post": "correct"}),
        name="session-minutes",
    ),
    path(ITEM, ItemViewSet.as_view({"get": "retrieve"}), name="session-item"),
    path(f"{ITEM}votes/", ItemViewSet.as_view({"get": "votes", "post": "cast"}), name="item-votes"),
    path(f"{ITEM}conflicts/", ItemViewSet.as_view({"post": "step_aside"}), name="item-conflicts"),
    path(f"{ITEM}open/", ItemViewSet.as_view({"post": "open"}), name="item-open"),
    path(f"{ITEM}close/", ItemViewSet.as_view({"post": "close"}), name="item-close"),
    path(f"{SESSION}steps/<str:step>/", SessionViewSet.as_view({"post": "step"}), name="session-step"),
]
