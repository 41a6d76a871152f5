from django.urls import path

from portal.analyses import views

app_name = "analyses"
urlpatterns = [
    path("analyses/", views.AnalysisList.as_view(), name="analyses"),
    path("analyses/new/<slug:kind>/", views.NewAnalysis.as_view(), name="new"),
    path("analyses/compare/", views.ComparePage.as_view(), name="compare"),
    path("analyses/<str:ref>/", views.AnalysisPage.as_view(), name="analysis"),
    path("analyses/<str:ref>/edit/", views.EditAnalysis.as_view(), name="edit"),
    path("analyses/<str:ref>/copy/", views.CopyAnalysis.as_view(), name="copy"),
    path("analyses/<str:ref>/set-aside/", views.SetAside.as_view(), name="set-aside"),
    path("analyses/<str:ref>/parts/add/", views.AddPart.as_view(), name="add-part"),
    path("analyses/<str:ref>/parts/<int:place>/", views.EditPart.as_view(), name="edit-part"),
    path("analyses/<str:ref>/parts/<int:place>/remove/", views.RemovePart.as_view(), name="remove-part"),
    path("analyses/<str:ref>/export.<str:form>", views.Export.as_view(), name="export"),
]
