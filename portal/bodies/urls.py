from django.urls import path

from portal.bodies import views

app_name = "bodies"

BODY = "bodies/<slug:slug>/"
SESSION = "sessions/<str:ref>/"
ITEM = f"{SESSION}items/<int:number>/"

urlpatterns = [
    path("sessions/", views.SessionsPage.as_view(), name="sessions"),
    path("bodies/new/", views.NewBody.as_view(), name="new-body"),
    path(BODY, views.BodyPage.as_view(), name="body"),
    path(f"{BODY}rules/", views.EditBody.as_view(), name="rules"),
    path(f"{BODY}seats/", views.AddSeat.as_view(), name="add-seat"),
    path(f"{BODY}seats/<int:pk>/end/", views.EndSeat.as_view(), name="end-seat"),
    path(f"{BODY}seats/<int:pk>/deputy/", views.NameDeputy.as_view(), name="deputy"),
    path(f"{BODY}plan/", views.PlanSession.as_view(), name="plan"),
    path(SESSION, views.SessionPage.as_view(), name="session"),
    path(f"{SESSION}agenda/", views.AgendaPage.as_view(), name="agenda"),
    path(f"{SESSION}agenda/accept/", views.AcceptProposals.as_view(), name="accept"),
    path(f"{SESSION}agenda/add/", views.AddItem.as_view(), name="add-item"),
    path(f"{SESSION}call/", views.CallSession.as_view(), name="call"),
    path(f"{SESSION}move/", views.MoveSession.as_view(), name="move"),
    path(f"{SESSION}cancel/", views.CancelSession.as_view(), name="cancel"),
    path(f"{SESSION}answer/", views.Answer.as_view(), name="answer"),
    path(f"{SESSION}freeze/", views.FreezePack.as_view(), name="freeze"),
    path(f"{SESSION}start/", views.StartSession.as_view(), name="start"),
    path(f"{SESSION}arrive/", views.Arrive.as_view(), name="arrive"),
    path(f"{SESSION}deadline/", views.ExtendSession.as_view(), name="deadline"),
    path(f"{SESSION}close/", views.CloseSession.as_view(), name="close"),
    path(ITEM, views.ItemPage.as_view(), name="item"),
    path(f"{ITEM}open/", views.OpenItem.as_view(), name="open-item"),
    path(f"{ITEM}close/", views.CloseItem.as_view(), name="close-item"),
    path(f"{ITEM}note/", views.AddNote.as_view(), name="note"),
    path(f"{ITEM}conflict/", views.DeclareConflict.as_view(), name="conflict"),
    path(f"{ITEM}condition/", views.NameCondition.as_view(), name="condition"),
    path(f"{ITEM}place/", views.MoveItem.as_view(), name="place-item"),
    path(f"{ITEM}drop/", views.DropItem.as_view(), name="drop-item"),
    path(f"{SESSION}pack/", views.PackPage.as_view(), name="pack"),
    path(f"{SESSION}pack.json", views.PackJson.as_view(), name="pack-json"),
    path(f"{SESSION}pack.pdf", views.PackPdf.as_view(), name="pack-pdf"),
    path(f"{SESSION}minutes/", views.MinutesPage.as_view(), name="minutes"),
    path(f"{SESSION}minutes/edit/", views.EditMinutes.as_view(), name="edit-minutes"),
    path("calendar/", views.Calendars.as_view(), name="calendar"),
    path("calendar/<int:pk>/revoke/", views.RevokeFeed.as_view(), name="revoke-feed"),
    path("calendar/<str:key>.ics", views.CalendarFile.as_view(), name="feed"),
]
