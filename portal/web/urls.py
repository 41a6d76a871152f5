from django.urls import path

from portal.web import views

app_name = "web"

urlpatterns = [
    path("find/", views.FindPage.as_view(), name="find"),
    path("appearance/", views.Appearance.as_view(), name="appearance"),
    path("help/", views.HelpPage.as_view(), name="help"),
    path("accessibility/", views.AccessibilityPage.as_view(), name="accessibility"),
    path("gallery/", views.GalleryPage.as_view(), name="gallery"),
    path("gallery/list/", views.GalleryList.as_view(), name="gallery-list"),
    path("gallery/form/", views.GalleryForm.as_view(), name="gallery-form"),
    path("gallery/job/<int:step>/", views.GalleryJob.as_view(), name="gallery-job"),
    path("favicon.ico", views.favicon, name="favicon"),
]
