from django.urls import path

from governance.strategy.api import ProposalViewSet

urlpatterns = [
    path(
        "analyses/<str:ref>/proposal/",
        ProposalViewSet.as_view({"post": "create"}),
        name="analysis-proposal",
    ),
    path("analyses/<str:ref>/actuals/", ProposalViewSet.as_view({"get": "actuals"}), name="analysis-actuals"),
]
