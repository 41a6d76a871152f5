from django.urls import path

from portal.findings.views import inbox, listing, one, saved

app_name = "findings"
urlpatterns = [
    path("inbox/", inbox.Inbox.as_view(), name="inbox"),
    path("inbox/watching/", inbox.Watching.as_view(), name="watching"),
    path("inbox/done/", inbox.Done.as_view(), name="done"),
    path("inbox/findings/", inbox.Triage.as_view(), name="triage"),
    path("inbox/<int:pk>/done/", inbox.Finish.as_view(), name="finish"),
    path("inbox/<int:pk>/snooze/", inbox.Snooze.as_view(), name="snooze"),
    path("inbox/alerts/", inbox.Alerts.as_view(), name="alerts"),
    path("inbox/alerts/<int:pk>/end/", inbox.StopAlert.as_view(), name="stop-alert"),
    path("findings/", listing.Findings.as_view(), name="findings"),
    path("models/<str:name>/v/<int:number>/findings/", listing.VersionFindings.as_view(), name="version"),
    path("views/<str:page>/new/", saved.SaveView.as_view(), name="save-view"),
    path("views/<int:pk>/remove/", saved.RemoveView.as_view(), name="remove-view"),
    path("findings/<str:ref>/", one.FindingPage.as_view(), name="finding"),
    path("findings/<str:ref>/acknowledge/", one.Acknowledge.as_view(), name="acknowledge"),
    path("findings/<str:ref>/accept/", one.Accept.as_view(), name="accept"),
    path("findings/<str:ref>/assign/", one.Assign.as_view(), name="assign"),
    path("findings/<str:ref>/comment/", one.WriteComment.as_view(), name="comment"),
    path("findings/<str:ref>/waive/", one.AskWaiver.as_view(), name="waive"),
    path("findings/<str:ref>/waiver/", one.DecideWaiver.as_view(), name="decide-waiver"),
]
