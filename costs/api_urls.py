from django.urls import path

from costs.api import Allocations, BillViewSet, BudgetViewSet, WhatIfs

urlpatterns = [
    path("bills/", BillViewSet.as_view({"get": "list", "post": "create"}), name="bills"),
    path("bills/<int:pk>/", BillViewSet.as_view({"get": "retrieve"}), name="bill"),
    path("bills/<int:pk>/totals/", BillViewSet.as_view({"get": "totals"}), name="bill-totals"),
    path("bills/<int:pk>/restatements/", BillViewSet.as_view({"post": "restate"}), name="bill-restate"),
    path("allocations/", Allocations.as_view(), name="allocations"),
    path("what-ifs/<slug:kind>/", WhatIfs.as_view(), name="what-if"),
    path("budgets/", BudgetViewSet.as_view({"get": "list", "post": "create"}), name="budgets"),
    path("budgets/<int:pk>/", BudgetViewSet.as_view({"get": "retrieve"}), name="budget"),
]
