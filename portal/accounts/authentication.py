"""Programs sign in with an API token: as bearer, or as the password of basic authentication."""

from __future__ import annotations

import base64

from rest_framework.authentication import BaseAuthentication, get_authorization_header
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from portal.accounts.models import ApiToken, User
from portal.accounts.services import token_of


class TokenAuthentication(BaseAuthentication):
    """``Authorization: Bearer KEY``, or ``Basic`` with any name and the key as password."""

    def authenticate(self, request: Request) -> tuple[User, ApiToken] | None:
        scheme, _, value = get_authorization_header(request).decode("latin-1").partition(" ")
        if scheme.lower() == "bearer":
            key = value.strip()
        elif scheme.lower() == "basic":
            key = _password(value.strip())
        else:
            return None
        token = token_of(key)
        if token is None:
            raise AuthenticationFailed("The token is unknown, revoked or over. Make a new one under Profile.")
        user = token.user
        user.token = token
        return user, token

    def authenticate_header(self, request: Request) -> str:  # noqa: ARG002 - DRF's signature
        return 'Bearer realm="portal"'


def _password(value: str) -> str:
    try:
        decoded = base64.b64decode(value, validate=True).decode()
    except ValueError as error:  # not base64, not ASCII, or not UTF-8 inside
        raise AuthenticationFailed("The basic credentials are not readable.") from error
    return decoded.partition(":")[2]
