"""Pages of policies: what is in force, its versions with what each changed, proposals."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.urls import reverse
from django.utils.functional import cached_property
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from portal.areas import PolicyKind, declared
from portal.errors import Missing
from portal.policies import selectors, services
from portal.policies.forms import DecisionForm, OwnPolicyForm
from portal.policies.models import PolicyState, PolicyVersion
from portal.policies.parameters import changes, decode, described, restore
from portal.policies.reach import require_reach
from portal.registry.models import System
from portal.rights import may
from portal.web.forms import ReasonForm
from portal.web.pages import FormPage, Page
from portal.web.parts import Crumb, Fact
from portal.web.status import Tone

STATE_TONES = {
    PolicyState.PROPOSED: Tone.WAIT,
    PolicyState.ADOPTED: Tone.GOOD,
    PolicyState.REJECTED: Tone.NONE,
}


class Policies(Page):
    """Every declared policy and the version in force."""

    does = "policies.read"
    title = gettext_lazy("Policies")
    template_name = "policies/policies.html"

    def summary(self) -> str:
        return _("A policy is in force from a day on. What allows more than before needs a second person.")

    def context(self) -> Mapping[str, Any]:
        waiting = selectors.waiting(self.person) if may(self.person, "policies.decide") else ()
        titles = {kind.slug: kind.title for kind in declared("policies")}
        return {
            "rows": selectors.all_in_force(),
            "waiting": [(titles.get(each.kind, each.kind), each) for each in waiting],
        }


class AboutPolicy(Page):
    """A page about the policy of the address."""

    nav = "policies:policies"

    @cached_property
    def kind(self) -> PolicyKind:
        return selectors.kind_named(self.kwargs["slug"])

    def crumbs(self) -> Sequence[Crumb]:
        path = [Crumb(_("Policies"), reverse("policies:policies"))]
        if not self.title:
            return (*path, Crumb(self.kind.title))
        return (*path, Crumb(self.kind.title, self.address), Crumb(str(self.title)))

    @property
    def address(self) -> str:
        return reverse("policies:policy", args=[self.kind.slug])


class PolicyPage(AboutPolicy):
    """One policy: its parameters now, and every version with what it changed."""

    does = "policies.read"
    template_name = "policies/policy.html"

    @cached_property
    def current(self) -> selectors.PolicyInForce:
        return selectors.in_force(self.kind)

    def heading(self) -> str:
        return self.kind.title

    def facts(self) -> Sequence[Fact]:
        current = self.current
        since = current.row.effective_from if current.row else _("shipped with the portal")
        decided = current.row.decided_by if current.row else None
        return (
            Fact(_("In force"), _("Version %(number)d") % {"number": current.version}, tone=Tone.GOOD),
            Fact(_("Since"), since),
            Fact(_("Decided by"), decided or "—"),
        )

    def context(self) -> Mapping[str, Any]:
        versions = [
            (version, changed, STATE_TONES[PolicyState(version.state)])
            for version, changed in selectors.versions_with_changes(self.kind, self.person)
        ]
        return {
            "kind": self.kind,
            "parameters": described(self.kind, self.current.parameters),
            "versions": versions,
            "own": selectors.own_policies(self.kind, self.person),
            "may_propose": may(self.person, "policies.propose"),
            "decidable": {each.pk for each in selectors.waiting(self.person)}
            if may(self.person, "policies.decide")
            else set(),
        }


class Propose(AboutPolicy, FormPage):
    """Other parameters from a day on, for everybody or for one system."""

    does = "policies.propose"
    title = gettext_lazy("Change")
    form_class = OwnPolicyForm
    submit = gettext_lazy("Propose change")

    def heading(self) -> str:
        return _("Change %(policy)s") % {"policy": self.kind.title}

    def summary(self) -> str:
        return _("What is stricter comes into force as asked. What allows more waits for a second person.")

    def form_arguments(self) -> Mapping[str, Any]:
        mine = System.objects.visible_to(self.person, "policies.propose").filter(unassigned=False)
        return {
            "kind": self.kind,
            "parameters": selectors.in_force(self.kind).parameters,
            "systems": mine,
            "everywhere": selectors.reaches_everything(self.person, self.does),
        }

    def perform(self, form: Any) -> str:
        data = form.cleaned_data
        require_reach(self.person, self.does, data["system"])
        self.made = services.propose_policy(
            self.kind,
            decode(self.kind, form.parameters()),
            actor=self.person,
            reason=data["reason"],
            effective_from=data["effective_from"],
            system=data["system"],
        )
        return self.address

    def done(self, form: Any) -> str:  # noqa: ARG002 - the signature of the base
        if self.made.state == PolicyState.PROPOSED:
            return _("It allows more than before, so it waits for a second person.")
        return _("Version %(number)d is adopted.") % {"number": self.made.number}


class Decide(AboutPolicy, FormPage):
    """Adopt or reject what somebody else proposed."""

    does = "policies.decide"
    title = gettext_lazy("Decide")
    template_name = "policies/decide.html"
    form_class = DecisionForm
    submit = gettext_lazy("Decide")

    @cached_property
    def version(self) -> PolicyVersion:
        found = selectors.waiting(self.person).filter(pk=self.kwargs["pk"], kind=self.kind.slug).first()
        if found is None:
            raise Missing
        return found

    def heading(self) -> str:
        return _("Decide on a change of %(policy)s") % {"policy": self.kind.title}

    def summary(self) -> str:
        return self.version.reason

    def context(self) -> Mapping[str, Any]:
        version = self.version
        general = selectors.in_force(self.kind, version.effective_from).parameters
        before = selectors.in_force(self.kind, version.effective_from, version.system).parameters
        after = general if version.parameters is None else restore(self.kind, version.parameters)
        return {"version": version, "changes": changes(self.kind, before, after)}

    def perform(self, form: Any) -> str:
        services.decide_policy(self.version, actor=self.person, **form.cleaned_data)
        return self.address


class EndOwn(AboutPolicy, FormPage):
    """End a system's own policy: the general one holds again."""

    does = "policies.propose"
    title = gettext_lazy("End")
    form_class = ReasonForm
    submit = gettext_lazy("End its own policy")

    @cached_property
    def system(self) -> System:
        mine = System.objects.visible_to(self.person, "policies.propose")
        digits = self.kwargs["ref"].removeprefix("SYS-")
        found = mine.filter(pk=int(digits)).first() if digits.isascii() and digits.isdecimal() else None
        if found is None:
            raise Missing
        return found

    def summary(self) -> str:
        return _("%(system)s is judged by the general policy again.") % {"system": self.system.name}

    def perform(self, form: Any) -> str:
        services.propose_policy(
            self.kind, None, system=self.system, actor=self.person, reason=form.cleaned_data["reason"]
        )
        return self.address
