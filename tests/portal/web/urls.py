"""The routes these tests need: the kernel's own pages and sign-in, and no area above."""

from django.urls import include, path

urlpatterns = [path("", include("portal.web.urls")), path("accounts/", include("allauth.urls"))]
