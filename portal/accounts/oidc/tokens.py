"""The identity token: who signed it, for whom, when, and in answer to which question."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import jwt
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.utils.crypto import constant_time_compare, salted_hmac

SIGNATURES = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "EdDSA"})
"""With a key that only the server has; a secret that the portal shares would let the portal sign, too."""
REQUIRED = ["iss", "sub", "aud", "exp", "iat", "nonce"]
LEEWAY = 60
"""Seconds by which two clocks may differ."""


def nonce_of(state: str) -> str:
    """The nonce that belongs to a question; nobody without our key can tell it from the state."""
    return salted_hmac("portal.oidc.nonce", state, algorithm="sha256").hexdigest()


def verified(
    token: str, *, keys: Mapping[str, Any], issuer: str, client_id: str, state: str
) -> Mapping[str, Any]:
    """The claims of a token that was signed by this issuer, for this client, in answer to this state.

    Raises OAuth2Error for any other.
    """
    try:
        key = _key_of(token, keys)
        claims: Mapping[str, Any] = jwt.decode(
            token,
            key,
            algorithms=[key.algorithm_name],
            audience=client_id,
            issuer=issuer,
            leeway=LEEWAY,
            options={"require": REQUIRED},
        )
    except jwt.PyJWTError as error:
        raise OAuth2Error(f"The identity token is not valid: {error}") from error
    if not constant_time_compare(str(claims["nonce"]), nonce_of(state)):
        raise OAuth2Error("The identity token answers another sign-in.")
    if claims.get("azp", client_id) != client_id:
        raise OAuth2Error("The identity token was made for another client.")
    return claims


def _key_of(token: str, keys: Mapping[str, Any]) -> jwt.PyJWK:
    """The key that the token names, or the only one there is."""
    wanted = jwt.get_unverified_header(token).get("kid")
    known = jwt.PyJWKSet.from_dict(dict(keys)).keys
    fitting = [key for key in known if key.key_id == wanted] if wanted else known
    if len(fitting) != 1 or fitting[0].algorithm_name not in SIGNATURES:
        raise OAuth2Error("The identity token is signed with a key that the server does not publish.")
    return fitting[0]
