from django.urls import path

from portal.evidence import views

app_name = "evidence"

urlpatterns = [
    path("evidence/", views.EvidenceList.as_view(), name="items"),
    path("evidence/add/", views.AddEvidence.as_view(), name="add"),
    path("evidence/holds/", views.HoldList.as_view(), name="holds"),
    path("evidence/holds/place/", views.PlaceHold.as_view(), name="place-hold"),
    path("evidence/holds/<int:pk>/", views.HoldPage.as_view(), name="hold"),
    path("evidence/holds/<int:pk>/release/", views.ReleaseHold.as_view(), name="release-hold"),
    path("evidence/<str:ref>/", views.EvidencePage.as_view(), name="item"),
    path("evidence/<str:ref>/download/", views.Download.as_view(), name="download"),
    path("evidence/<str:ref>/verify/", views.Verify.as_view(), name="verify"),
    path("evidence/<str:ref>/discard/", views.Discard.as_view(), name="discard"),
]
