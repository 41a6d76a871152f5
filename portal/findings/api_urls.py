from django.urls import path

from portal.findings.api import FindingViewSet, SystemFindingViewSet

ONE = "findings/<str:ref>/"

urlpatterns = [
    path("findings/", FindingViewSet.as_view({"get": "list"}), name="findings"),
    path(ONE, FindingViewSet.as_view({"get": "retrieve"}), name="finding"),
    path(f"{ONE}acknowledge/", FindingViewSet.as_view({"post": "acknowledge"}), name="finding-acknowledge"),
    path(f"{ONE}accept/", FindingViewSet.as_view({"post": "accept"}), name="finding-accept"),
    path(f"{ONE}assign/", FindingViewSet.as_view({"post": "assign"}), name="finding-assign"),
    path(f"{ONE}comments/", FindingViewSet.as_view({"post": "comment"}), name="finding-comments"),
    path(f"{ONE}waive/", FindingViewSet.as_view({"post": "waive"}), name="finding-waive"),
    path(
        f"{ONE}waiver-decision/",
        FindingViewSet.as_view({"post": "decide_waiver"}),
        name="finding-waiver-decision",
    ),
    path(
        "systems/<str:ref>/findings/", SystemFindingViewSet.as_view({"get": "list"}), name="system-findings"
    ),
]
