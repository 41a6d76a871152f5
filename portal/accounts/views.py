"""Pages of people, units, tokens and one's own profile."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from typing import Any, ClassVar

from django.conf import settings
from django.db.models import Prefetch, Q
from django.http import HttpResponse
from django.shortcuts import get_object_or_404
from django.urls import reverse

from portal.accounts import services
from portal.accounts.erasure import erase, erased_traces, kept_traces
from portal.accounts.forms import (
    EraseForm,
    MembershipForm,
    NewPasswordForm,
    OrganisationForm,
    PersonForm,
    PreferencesForm,
    TokenForm,
    UnitForm,
)
from portal.accounts.models import ApiToken, Membership, Unit, User
from portal.accounts.tables import PeopleFilter, PeopleTable
from portal.areas import Role
from portal.audit.timeline import timeline_of
from portal.web.context import DENSITIES, THEMES
from portal.web.pages import ActionView, FormPage, ListPage, Suggestions
from portal.web.parts import Crumb, Fact
from portal.web.status import Tone


class Profile(FormPage):
    """A person's own page: appearance, roles, second factor, tokens."""

    does = "signed_in"
    title = "Profile"
    template_name = "accounts/profile.html"
    form_class = PreferencesForm
    submit = "Save preferences"

    def heading(self) -> str:
        return str(self.person.name)

    def initial(self) -> Mapping[str, Any]:
        return {"theme": self.person.theme, "density": self.person.density}

    def context(self) -> Mapping[str, Any]:
        servers = settings.SOCIALACCOUNT_PROVIDERS.get("openid_connect", {}).get("APPS", [])
        return {
            "memberships": self.person.current_memberships,
            "sign_on": next((server["name"] for server in servers), ""),
        }

    def perform(self, form: Any) -> str:
        services.change_preferences(self.person, **form.cleaned_data)
        return reverse("accounts:profile")


class Appearance(ActionView):
    """Theme and density from the person's menu: kept with the person, whichever browser they use."""

    does = "signed_in"
    known: ClassVar[Mapping[str, Sequence[str]]] = {"theme": THEMES, "density": DENSITIES}

    def perform(self) -> None:
        given = {name: self.request.POST.get(name, "") for name in self.known}
        chosen = {name: value for name, value in given.items() if value in self.known[name]}
        if chosen:
            services.change_preferences(self.person, **chosen)


class Tokens(FormPage):
    """A person's API tokens, and a new one; its key is shown once."""

    does = "signed_in"
    title = "API tokens"
    template_name = "accounts/tokens.html"
    form_class = TokenForm
    submit = "Make token"

    def crumbs(self) -> Sequence[Crumb]:
        return (Crumb("Profile", reverse("accounts:profile")), Crumb("API tokens"))

    def summary(self) -> str:
        return "A program carries a token in your name. It can do less than you, and it ends."

    def form_arguments(self) -> Mapping[str, Any]:
        return {"user": self.person}

    def context(self) -> Mapping[str, Any]:
        mine = ApiToken.objects.filter(user=self.person).select_related("unit")
        return {"tokens": mine, "key": "", "url": settings.PORTAL_PUBLIC_URL}

    def perform(self, form: Any) -> HttpResponse:
        user = self.person
        _, key = services.issue_token(user, actor=user, **form.cleaned_data)
        return self.show_once(form=self.make_form(), submit=self.submit, key=key, cancel=self.cancel_url())


class RevokeToken(ActionView):
    """Ends one of one's own tokens."""

    does = "signed_in"

    def perform(self) -> str:
        token = get_object_or_404(ApiToken, pk=self.kwargs["pk"], user=self.person)
        services.revoke_token(token, actor=self.person)
        return f"{token.name} is revoked."

    def back_url(self) -> str:
        return reverse("accounts:tokens")


class People(ListPage):
    """Everybody, for the administrator."""

    does = "accounts.administer"
    title = "People and units"
    template_name = "accounts/people.html"
    table_class = PeopleTable
    filterset_class = PeopleFilter
    noun = ("person", "people")

    def rows(self) -> Any:
        current = Prefetch("memberships", Membership.objects.in_force().select_related("unit"))
        return User.objects.order_by("name").prefetch_related(current)

    def context(self) -> Mapping[str, Any]:
        return {**super().context(), "units": Unit.objects.all()}


class SuggestPeople(Suggestions):
    """People whose name or log-in holds what is typed."""

    does = "accounts.read"

    def find(self, text: str) -> Iterable[tuple[str, str]]:
        named = Q(name__icontains=text) | Q(username__istartswith=text)
        people = User.objects.filter(named, is_active=True).order_by("name")
        return people.values_list("username", "name")[:12]


class InvitePerson(FormPage):
    """Somebody new, with a link by which they set a password."""

    does = "accounts.administer"
    title = "Invite a person"
    nav = "accounts:people"
    template_name = "accounts/invite.html"
    form_class = PersonForm
    submit = "Invite person"

    def crumbs(self) -> Sequence[Crumb]:
        return (Crumb("People and units", reverse("accounts:people")), Crumb("Invite"))

    def context(self) -> Mapping[str, Any]:
        return {"link": ""}

    def perform(self, form: Any) -> HttpResponse:
        data, actor = form.cleaned_data, self.person
        person, key = services.invite_person(
            data["username"],
            name=data["name"],
            email=data["email"],
            role=Role(data["role"]),
            unit=data["unit"],
            actor=actor,
        )
        link = settings.PORTAL_PUBLIC_URL + reverse("accounts:accept", args=[key])
        return self.show_once(form=None, link=link, person=person, submit="", cancel="")


class PersonDetail(FormPage):
    """One person: roles now and before, and what they did."""

    does = "accounts.administer"
    nav = "accounts:people"
    template_name = "accounts/person.html"
    form_class = MembershipForm
    submit = "Add role"

    @cached_property
    def shown(self) -> User:
        """Whom the page is about; ``person`` is who looks at it."""
        return get_object_or_404(User, username=self.kwargs["username"])

    def heading(self) -> str:
        return self.shown.name

    def crumbs(self) -> Sequence[Crumb]:
        return (Crumb("People and units", reverse("accounts:people")), Crumb(self.shown.name))

    def facts(self) -> Sequence[Fact]:
        person = self.shown
        active = (Tone.GOOD, "Active") if person.is_active else (Tone.NONE, "Deactivated")
        if person.erased_at is not None:
            active = (Tone.NONE, "Erased")
        return (
            Fact("State", active[1], tone=active[0]),
            Fact("Log-in", person.username),
            Fact("Mail address", person.email or "none"),
            Fact("Last seen", person.last_login or "never"),
        )

    def context(self) -> Mapping[str, Any]:
        memberships = self.shown.memberships.select_related("unit").order_by("-started_at")
        return {
            "person": self.shown,
            "memberships": memberships,
            "events": timeline_of(self.shown, limit=10),
        }

    def perform(self, form: Any) -> str:
        data = form.cleaned_data
        services.add_membership(self.shown, Role(data["role"]), data["unit"], actor=self.person)
        return reverse("accounts:person", args=[self.shown.username])


class ErasePerson(FormPage):
    """What speaks of a person is erased for good; the page says first what goes and what stays."""

    does = "accounts.administer"
    nav = "accounts:people"
    template_name = "accounts/erase.html"
    form_class = EraseForm
    danger = True

    @cached_property
    def shown(self) -> User:
        return get_object_or_404(User, username=self.kwargs["username"])

    @property
    def submit(self) -> str:  # type: ignore[override]  # the button names the person
        return f"Erase {self.shown.short_name}"

    def heading(self) -> str:
        return f"Erase {self.shown.name}"

    def summary(self) -> str:
        return "Nobody can undo it. Give what they own to somebody else first."

    def crumbs(self) -> Sequence[Crumb]:
        here = reverse("accounts:person", args=[self.shown.username])
        return (
            Crumb("People and units", reverse("accounts:people")),
            Crumb(self.shown.name, here),
            Crumb("Erase"),
        )

    def form_arguments(self) -> Mapping[str, Any]:
        return {"username": self.shown.username}

    def context(self) -> Mapping[str, Any]:
        return {"erased": erased_traces(self.shown), "kept": kept_traces(self.shown)}

    def perform(self, form: Any) -> str:
        gone = erase(self.shown, actor=self.person, reason=form.cleaned_data["reason"])
        return reverse("accounts:person", args=[gone.username])

    def done(self, form: Any) -> str:  # noqa: ARG002 - the base's signature
        return "The person is erased."


class EndMembership(ActionView):
    """Takes a role away."""

    does = "accounts.administer"

    def perform(self) -> str:
        membership = get_object_or_404(Membership, pk=self.kwargs["pk"], ended_at=None)
        services.end_membership(membership, actor=self.person)
        return f"{membership.user} is no longer {membership.role} in {membership.unit}."

    def back_url(self) -> str:
        return reverse("accounts:people")


class SetActive(ActionView):
    """Deactivates a person, or lets them in again."""

    does = "accounts.administer"

    def perform(self) -> str:
        person = get_object_or_404(User, username=self.kwargs["username"])
        services.set_active(person, active=not person.is_active, actor=self.person)
        return f"{person.name} is {'active' if person.is_active else 'deactivated'}."

    def back_url(self) -> str:
        return reverse("accounts:person", args=[self.kwargs["username"]])


class AddUnit(FormPage):
    """A unit below another."""

    does = "accounts.administer"
    title = "Add a unit"
    nav = "accounts:people"
    form_class = UnitForm
    submit = "Add unit"

    def crumbs(self) -> Sequence[Crumb]:
        return (Crumb("People and units", reverse("accounts:people")), Crumb("Add a unit"))

    def perform(self, form: Any) -> str:
        services.create_unit(actor=self.person, **form.cleaned_data)
        return reverse("accounts:people")


class EditOrganisation(FormPage):
    """Name, time zone, currency and fiscal year."""

    does = "accounts.administer"
    title = "Organisation"
    form_class = OrganisationForm
    submit = "Save organisation"

    def summary(self) -> str:
        return "Due days, quarters and bill months follow the time zone and the fiscal year."

    def initial(self) -> Mapping[str, Any]:
        found = services.organisation()
        return {name: getattr(found, name) for name in OrganisationForm.base_fields}

    def perform(self, form: Any) -> str:
        services.update_organisation(actor=self.person, **form.cleaned_data)
        return reverse("accounts:organisation")

    def done(self, form: Any) -> str:  # noqa: ARG002 - the base's signature
        return "Saved."


class AcceptInvitation(FormPage):
    """Where an invited person sets a password."""

    does = "public"
    title = "Welcome"
    form_class = NewPasswordForm
    submit = "Set password"

    def summary(self) -> str:
        return "Set a password. You sign in with it and your log-in."

    def perform(self, form: Any) -> str:
        services.accept_invitation(self.kwargs["key"], password=form.cleaned_data["password"])
        return reverse("account_login")

    def done(self, form: Any) -> str:  # noqa: ARG002 - the base's signature
        return "Your password is set. Sign in."
