"""How sign-in differs from the package's defaults: nobody signs up by themselves."""

from __future__ import annotations

import logging
from itertools import count
from typing import Any

from allauth.account.adapter import DefaultAccountAdapter
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.base import AuthProcess
from django.conf import settings
from django.contrib import messages
from django.db import transaction
from django.http import HttpRequest
from django.shortcuts import redirect
from django.utils.text import slugify

from portal.accounts.models import User
from portal.accounts.services import create_user

logger = logging.getLogger(__name__)

LONGEST_STEM = 70
"""Letters of a log-in before its number."""


class AccountAdapter(DefaultAccountAdapter):  # type: ignore[misc]  # an untyped package
    """People are invited; a form for strangers does not exist."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:  # noqa: ARG002 - the package's signature
        return False


class SignOnAdapter(DefaultSocialAccountAdapter):  # type: ignore[misc]  # likewise
    """People of the sign-in server: known by issuer and subject, never by an address somebody may claim."""

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:  # noqa: ARG002 - likewise
        """Whether somebody unknown is let in, to be given a role."""
        return bool(settings.PORTAL_OIDC_NEW_PEOPLE)

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Refuse a stranger with the address of somebody we know: they may be the same, or may not."""
        if sociallogin.is_existing or sociallogin.state.get("process") == AuthProcess.CONNECT:
            return
        address = sociallogin.user.email
        if address and User.objects.filter(email__iexact=address).exists():
            messages.error(
                request,
                f"{address} belongs to somebody here already. Sign in with the password, then connect"
                " single sign-on under Profile.",
            )
            raise ImmediateHttpResponse(redirect("account_login"))

    def populate_user(self, request: HttpRequest, sociallogin: SocialLogin, data: dict[str, Any]) -> User:
        """What the server tells, as a suggestion; an address only if it does not call it unverified."""
        user: User = super().populate_user(request, sociallogin, data)
        user.name = str(data.get("name") or user.username or "Somebody new")[:120]
        if any(not address.verified for address in sociallogin.email_addresses):
            user.email = ""
            sociallogin.email_addresses = []
        return user

    @transaction.atomic
    def save_user(self, request: HttpRequest, sociallogin: SocialLogin, form: Any = None) -> User:  # noqa: ARG002 - likewise
        """Add the person through the service that adds anybody; they have no role and see nothing yet."""
        told = sociallogin.user
        added = create_user(
            free_log_in(told.username or told.name), name=told.name, email=told.email, actor=None
        )
        sociallogin.user = added
        sociallogin.save(request)
        return added

    def on_authentication_error(self, request: HttpRequest, provider: Any, **what: Any) -> None:  # noqa: ARG002 - likewise
        """Leave a line for the administrator; the page tells the person no more than that it failed."""
        logger.warning("single sign-on was refused: %s", what.get("exception") or what.get("error"))


def free_log_in(wanted: str) -> str:
    """A log-in that nobody has, as near to the wanted one as can be."""
    stem = slugify(wanted)[:LONGEST_STEM] or "person"
    taken = set(User.objects.filter(username__startswith=stem).values_list("username", flat=True))
    numbered = (f"{stem}-{number}" for number in count(2))
    return stem if stem not in taken else next(name for name in numbered if name not in taken)


def username_of(request: HttpRequest | None, credentials: dict[str, Any] | None) -> str:
    """The name the sign-in throttle counts by, whichever field it came in."""
    given = credentials or {}
    typed = request.POST.get("login", "") if request is not None else ""
    return str(given.get("username") or given.get("email") or typed).casefold()
