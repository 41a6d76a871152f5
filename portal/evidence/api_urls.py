from typing import Any

from django.urls import path

from portal.evidence.api import EvidenceViewSet, SystemEvidenceViewSet

LIST: dict[str, Any] = {"get": "list", "post": "create"}

urlpatterns = [
    path("evidence/", EvidenceViewSet.as_view(LIST), name="evidence"),
    path("evidence/<str:ref>/", EvidenceViewSet.as_view({"get": "retrieve"}), name="evidence-item"),
    path("evidence/<str:ref>/file/", EvidenceViewSet.as_view({"get": "download"}), name="evidence-file"),
    path("evidence/<str:ref>/verify/", EvidenceViewSet.as_view({"post": "verify"}), name="evidence-verify"),
    path("systems/<str:system>/evidence/", SystemEvidenceViewSet.as_view(LIST), name="system-evidence"),
]
