"""The two addresses of a sign-in: where it sets out, and where it comes back."""

from __future__ import annotations

from allauth.socialaccount.models import SocialApp
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from django.http import Http404, HttpRequest, HttpResponseBase

from portal.accounts.oidc.provider import Adapter


def login(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Send the person to the server."""
    return _through(OAuth2LoginView, request, provider_id)


def callback(request: HttpRequest, provider_id: str) -> HttpResponseBase:
    """Take in the server's answer."""
    return _through(OAuth2CallbackView, request, provider_id)


def _through(view: type, request: HttpRequest, provider_id: str) -> HttpResponseBase:
    try:
        answer: HttpResponseBase = view.adapter_view(Adapter(request, provider_id))(request)  # type: ignore[attr-defined]
    except SocialApp.DoesNotExist as error:
        raise Http404 from error
    return answer
