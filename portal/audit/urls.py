from django.urls import path

from portal.audit import views

app_name = "audit"

urlpatterns = [
    path("audit/", views.EntryList.as_view(), name="entries"),
    path("audit/seals/", views.SealList.as_view(), name="seals"),
    path("audit/verifier.py", views.VerifierFile.as_view(), name="verifier"),
    path("audit/<int:pk>/", views.EntryPage.as_view(), name="entry"),
]
