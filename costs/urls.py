from django.urls import path

from costs import views

app_name = "costs"
urlpatterns = [
    path("costs/", views.CostsPage.as_view(), name="costs"),
    path("costs/own-or-rent/", views.WhatIfPage.as_view(), {"kind": "own-or-rent"}, name="own-or-rent"),
    path("costs/spot/", views.WhatIfPage.as_view(), {"kind": "spot"}, name="spot"),
    path("costs/reservations/", views.WhatIfPage.as_view(), {"kind": "reservations"}, name="reservations"),
    path("costs/import/", views.ImportPage.as_view(), name="import"),
    path("costs/bills/", views.Bills.as_view(), name="bills"),
    path("costs/bills/<int:pk>/", views.BillPage.as_view(), name="bill"),
    path("costs/bills/<int:pk>/restate/", views.RestateBill.as_view(), name="restate"),
    path("costs/rules/", views.RulesPage.as_view(), name="rules"),
    path("costs/rules/new/", views.SetRules.as_view(), name="set-rules"),
    path("costs/budgets/", views.Budgets.as_view(), name="budgets"),
    path("costs/budgets/new/", views.SetBudget.as_view(), name="set-budget"),
]
