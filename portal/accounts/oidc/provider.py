"""The provider as allauth finds it, by the name of this module."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from allauth.socialaccount.adapter import get_adapter
from allauth.socialaccount.models import SocialApp, SocialLogin, SocialToken
from allauth.socialaccount.providers.oauth2.client import OAuth2Client, OAuth2Error
from allauth.socialaccount.providers.openid_connect.provider import OpenIDConnectProvider
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.http import HttpRequest

from portal.accounts.oidc.tokens import nonce_of, verified


class Client(OAuth2Client):  # type: ignore[misc]  # an untyped package
    """Asks with a nonce that the answer must repeat."""

    def get_redirect_url(self, authorization_url: str, scope: Any, extra_params: Mapping[str, str]) -> str:
        asked = {**extra_params, "nonce": nonce_of(str(self.state))}
        url: str = super().get_redirect_url(authorization_url, scope, asked)
        return url


class Adapter(OpenIDConnectOAuth2Adapter):  # type: ignore[misc]  # likewise
    """Takes in only what the server signed for this very sign-in."""

    client_class = Client

    def complete_login(
        self, request: HttpRequest, app: SocialApp, token: SocialToken, **answer: Any
    ) -> SocialLogin:
        """Whoever the verified token names. Raises OAuth2Error, which becomes a page that says so."""
        given = answer["response"].get("id_token")
        if not given:
            raise OAuth2Error("The server sent no identity token.")
        claims = verified(
            given,
            keys=self._published_keys(),
            issuer=self.openid_config["issuer"],
            client_id=app.client_id,
            state=request.GET.get("state", ""),
        )
        told = {"id_token": dict(claims)}
        if "userinfo_endpoint" in self.openid_config:
            told["userinfo"] = self._fetch_user_info(token.token)
            if told["userinfo"].get("sub") != claims["sub"]:
                raise OAuth2Error("The user information speaks of somebody else.")
        return self.get_provider().sociallogin_from_response(request, told)

    def _published_keys(self) -> Mapping[str, Any]:
        with get_adapter().get_requests_session() as session:
            answer = session.get(self.openid_config["jwks_uri"])
            answer.raise_for_status()
            keys: Mapping[str, Any] = answer.json()
        return keys


class Provider(OpenIDConnectProvider):  # type: ignore[misc]  # likewise
    """OpenID Connect with proof: PKCE, nonce and verified tokens."""

    oauth2_adapter_class = Adapter
    pkce_enabled_default = True

    def get_auth_params_from_request(self, request: HttpRequest, action: str) -> dict[str, str]:  # noqa: ARG002 - the package's signature
        """Nothing that a link to the sign-in could add."""
        params: dict[str, str] = self.get_auth_params()
        return params


provider_classes = [Provider]
