from django.urls import path

from portal.audit import api

urlpatterns = [
    path("audit/entries/", api.EntryViewSet.as_view({"get": "list"}), name="audit-entries"),
    path("audit/entries/<int:pk>/", api.EntryViewSet.as_view({"get": "retrieve"}), name="audit-entry"),
    path("audit/export/", api.ExportViewSet.as_view({"get": "list"}), name="audit-export"),
    path("audit/checkpoints/", api.CheckpointViewSet.as_view({"get": "list"}), name="audit-checkpoints"),
]
