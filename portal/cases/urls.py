from django.urls import path

from portal.cases import views

app_name = "cases"

CONDITION = "reviews/<str:ref>/conditions/<int:pk>/"
VERSION = "models/<str:name>/versions/<int:number>/"

urlpatterns = [
    path("reviews/", views.CaseList.as_view(), name="cases"),
    path("reviews/<str:ref>/", views.CasePage.as_view(), name="case"),
    path("reviews/<str:ref>/conflict/", views.DeclareConflict.as_view(), name="conflict"),
    path("reviews/<str:ref>/day/", views.SetDueDay.as_view(), name="day"),
    path("reviews/<str:ref>/withdraw/", views.Withdraw.as_view(), name="withdraw"),
    path("reviews/<str:ref>/done/", views.ReportDone.as_view(), name="done"),
    path("reviews/<str:ref>/comment/", views.AddComment.as_view(), name="comment"),
    path("reviews/<str:ref>/evidence/", views.AddEvidence.as_view(), name="evidence"),
    path("reviews/<str:ref>/evidence/<int:pk>/", views.CaseFile.as_view(), name="file"),
    path("reviews/<str:ref>/conditions/", views.NameCondition.as_view(), name="name-condition"),
    path(f"{CONDITION}report/", views.ReportCondition.as_view(), name="report-condition"),
    path(f"{CONDITION}accept/", views.AcceptCondition.as_view(), name="accept-condition"),
    path(f"{VERSION}approvals/", views.Approvals.as_view(), name="approvals"),
    path(f"{VERSION}waiver/", views.AskWaiver.as_view(), name="ask-waiver"),
]
