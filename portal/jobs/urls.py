from django.urls import path

from portal.jobs import views

app_name = "jobs"
urlpatterns = [
    path("runs/", views.Runs.as_view(), name="runs"),
    path("runs/new/", views.NewRun.as_view(), name="new"),
    path("runs/<int:number>/", views.RunPage.as_view(), name="run"),
    path("runs/<int:number>/progress/", views.Progress.as_view(), name="progress"),
    path("runs/<int:number>/replay/", views.Replay.as_view(), name="replay"),
    path("runs/<int:number>/dismiss/", views.Dismiss.as_view(), name="dismiss"),
    path("deliveries/", views.Deliveries.as_view(), name="deliveries"),
    path("deliveries/receivers/new/", views.AllowTarget.as_view(), name="allow-target"),
    path("deliveries/receivers/<int:number>/end/", views.WithdrawTarget.as_view(), name="withdraw-target"),
    path("deliveries/<int:number>/", views.DeliveryPage.as_view(), name="delivery"),
    path("deliveries/<int:number>/again/", views.SendAgain.as_view(), name="send-again"),
]
