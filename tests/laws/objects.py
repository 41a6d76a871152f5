"""What the addresses of the portal name: of one's own unit, of another unit, and what does not exist."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from django.db.models import Max, Model
from django.utils import timezone

from costs.models import Bill, Budget
from governance.strategy.build_or_buy import BUILD_OR_BUY
from governance.strategy.calc import BuildOrBuy, Option
from monitoring.models import Batch
from portal.accounts.models import SCOPES, Membership
from portal.accounts.services import issue_token
from portal.analyses.models import Analysis
from portal.analyses.services import save_analysis
from portal.areas import Role, Severity, declared
from portal.audit.models import Entry
from portal.bodies.models import Body
from portal.bodies.services import add_item, add_seat, call_session, create_body, create_session
from portal.cases.models import Case
from portal.checks.models import Evaluation
from portal.evidence.models import Evidence, LegalHold
from portal.evidence.services import place_hold, store
from portal.findings.models import Finding
from portal.findings.services import raise_finding
from portal.jobs.models import AllowedTarget, Delivery, Run
from portal.jobs.services import enqueue_mail
from portal.jobs.services.outbox import allow_target
from portal.metrics.models import Kpi
from portal.registry.models import SystemGrant
from portal.registry.services import grant_access
from tests.laws.world import PEER, World

PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")
OF_UNITS = (
    "analyses/<str:ref>",
    "analyses/<str:ref>/export.<str:form>",
    "analyses/<str:ref>/parts/<int:place>",
    "audit/entries/<int:pk>",
    "audit/<int:pk>",
    "bodies/<slug:slug>",
    "bodies/<slug:slug>/seats/<int:pk>",
    "cases/<str:ref>",
    "checks/evaluations/<int:pk>",
    "deliveries/<int:pk>/refused",
    "evidence/<str:ref>",
    "evidence/holds/<int:pk>",
    "findings/<str:ref>",
    "models/<str:name>",
    "policies/<str:slug>/systems/<str:ref>",
    "reviews/<str:ref>",
    "reviews/<str:ref>/conditions/<int:pk>",
    "runs/<int:number>",
    "sessions/<str:ref>",
    "sessions/<str:ref>/items/<int:number>",
    "systems/<str:ref>",
    "systems/<str:ref>/access/<int:pk>",
    "systems/<str:system>",
)
"""Starts of routes, without ``api/v1/``, to what stands in a unit."""
OF_NOBODY = (
    "accounts/oidc/<str:provider_id>",
    "admin/memberships/<int:pk>",
    "admin/people/<slug:username>",
    "analyses/kinds/<slug:slug>",
    "analyses/new/<slug:kind>",
    "api/problems/<slug:kind>",
    "bills/<int:pk>",
    "budgets/<int:pk>",
    "calendar/<int:pk>",
    "calendar/<str:key>",
    "checks/<str:slug>",
    "costs/bills/<int:pk>",
    "deliveries/<int:number>",
    "deliveries/receivers/<int:number>",
    "environments/<slug:environment>",
    "gallery/job/<int:step>",
    "home/<str:role>",
    "inbox/<int:pk>",
    "inbox/alerts/<int:pk>",
    "kpis/<slug:slug>",
    "metrics/<str:slug>",
    "people/<str:username>",
    "policies/<str:slug>",
    "profile/tokens/<int:pk>",
    "scorecard/<slug:slug>",
    "tokens/<int:pk>",
    "units/<slug:slug>",
    "welcome/<str:key>",
    "what-ifs/<slug:kind>",
    "views/<int:pk>",
    "views/<str:page>",
)
"""The same to what belongs to the organisation or to one person."""
MISSING = 99_999_999
REST = {
    "number": 1,
    "environment": "production",
    "role": "engineer",
    "step": 1,
    "kind": "invalid",
    "key": "nothing",
    "pk": MISSING,
    "page": "registry:models",
    "provider_id": "nobody",
}
"""What parameters stand for that ``places`` does not name."""


@dataclass(frozen=True)
class Place:
    """Parameters of one address: ``other`` is None where things belong to no unit."""

    own: Mapping[str, Any]
    other: Mapping[str, Any] | None
    missing: Mapping[str, Any]


Values = Mapping[str, tuple[Any, Any, Any]]
"""Per parameter: of one's own unit, of another or None, of nothing."""


def furnish(world: World) -> dict[Role, str]:
    """A finding, evidence, a hold and access in both units; the keys of the peers' tokens."""
    people, systems = world.story.people, world.story.systems
    for key in ("credit-limit", "claims-triage"):
        system = systems[key]
        raise_finding(
            system, "manual", dedupe_key=f"law:{key}", severity=Severity.LOW, title=f"Something about {key}"
        )
        kept = store(b"shown", title=f"Note on {key}", actor=system.owner, system=system, filename="note.txt")
        place_hold(f"Matter of {key}", reason="A letter came.", items=[kept], actor=people["otto"])
        grant_access(
            system, people["lee"], works=False, reason="Helps for a while.", days=9, actor=system.owner
        )
    for slug in (PEER, "insurance"):
        _convene(world, slug)
    question = BuildOrBuy("EUR", timezone.now().date(), options=(Option("Buy"),))
    save_analysis(BUILD_OR_BUY, question, title="Law", system=systems["credit-limit"], actor=people["erin"])
    allow_target("hooks.example", 443, actor=people["ada"], reason="A receiver of ours")
    enqueue_mail("nobody@example.org", "Hello", "A line.", key="law")
    unit, scopes = world.story.units[PEER], list(SCOPES)
    return {
        role: issue_token(peer, name="law", unit=unit, scopes=scopes, days=1, actor=peer)[1]
        for role, peer in world.peers.items()
    }


def _convene(world: World, slug: str) -> None:
    """A body of a unit, with a session that is called and has one item."""
    chair = world.story.people["chen"]
    body = create_body(f"Panel of {slug}", slug=slug, unit=world.story.units[slug], actor=chair, quorum=1)
    add_seat(body, chair, actor=chair, function="chair")
    session = create_session(body, actor=chair, starts_at=timezone.now() + timedelta(days=9))
    add_item(session, "notice", actor=chair, title="News")
    call_session(session, actor=chair)


def places(world: World) -> dict[str, Place]:
    """What the parameters of each start of a route are."""
    known = {start: _place(values) for start, values in _of_units(world).items()}
    nothing = dict.fromkeys(OF_NOBODY, Place(REST, None, REST))
    return known | nothing | {start: _place(values) for start, values in _of_nobody().items()}


def _of_units(world: World) -> dict[str, Values]:
    own, other, churn = (world.story.systems[key] for key in ("credit-limit", "claims-triage", "churn"))

    def of(model: Any) -> tuple[Any, Any]:
        rows = model._default_manager
        return rows.filter(system__in=(own, churn)).first(), rows.filter(system=other).first()

    cases = world.release, of(Case)[1]
    condition = world.release.conditions.get()
    grants = [SystemGrant.objects.get(content_object=each) for each in (own, other)]
    holds = [LegalHold.objects.get(items__system=each) for each in (own, other)]
    deliveries = [Batch.objects.filter(version__model__system=each).first() for each in (own, other)]
    analyses = {"ref": _refs(of(Analysis), "ANL")}
    entries = [Entry.objects.filter(system_id=each.pk).first() for each in (own, other)]
    policy = declared("policies")[0].slug
    panels = [Body.objects.get(slug=slug) for slug in (PEER, "insurance")]
    bodies = {"slug": (panels[0].slug, panels[1].slug, "no-such-body")}
    sessions = {"ref": _refs([panel.sessions.get() for panel in panels], "SES")}
    systems = {"ref": (own.ref, other.ref, f"SYS-{MISSING}")}
    reviews = {"ref": _refs(cases, "REL")}
    return {
        "analyses/<str:ref>": analyses,
        "analyses/<str:ref>/export.<str:form>": analyses | {"form": ("json",) * 3},
        "analyses/<str:ref>/parts/<int:place>": analyses | {"place": (0, 0, 0)},
        "audit/entries/<int:pk>": {"pk": _pks(entries)},
        "audit/<int:pk>": {"pk": _pks(entries)},
        "bodies/<slug:slug>": bodies,
        "bodies/<slug:slug>/seats/<int:pk>": bodies | {"pk": _pks([panel.seats.get() for panel in panels])},
        "cases/<str:ref>": reviews,
        "checks/evaluations/<int:pk>": {"pk": _pks(of(Evaluation))},
        "deliveries/<int:pk>/refused": {"pk": _pks(deliveries)},
        "evidence/<str:ref>": {"ref": _refs(of(Evidence), "EV")},
        "evidence/holds/<int:pk>": {"pk": _pks(holds)},
        "findings/<str:ref>": {"ref": _refs(of(Finding), "F")},
        "models/<str:name>": {"name": ("credit-limit", "claims-triage", "no-such-model")},
        "policies/<str:slug>/systems/<str:ref>": systems | {"slug": (policy, policy, policy)},
        "reviews/<str:ref>": reviews,
        "reviews/<str:ref>/conditions/<int:pk>": reviews | {"pk": (condition.pk,) * 3},
        "runs/<int:number>": {"number": _pks(of(Run))},
        "sessions/<str:ref>": sessions,
        "sessions/<str:ref>/items/<int:number>": sessions | {"number": (1, 1, 1)},
        "systems/<str:ref>": systems,
        "systems/<str:ref>/access/<int:pk>": systems | {"pk": _pks(grants)},
        "systems/<str:system>": {"system": systems["ref"]},
    }


def _of_nobody() -> dict[str, Values]:
    kpi = {"slug": _only(Kpi.objects.all()[0].slug, "no-such-kpi")}
    membership = Membership.objects.get(user__username="lee")
    return {
        "admin/memberships/<int:pk>": {"pk": _only(membership.pk)},
        "admin/people/<slug:username>": {"username": _only("lee", "nobody")},
        "analyses/kinds/<slug:slug>": {"slug": _only(BUILD_OR_BUY.slug, "no-such-kind")},
        "analyses/new/<slug:kind>": {"kind": _only(BUILD_OR_BUY.slug, "no-such-kind")},
        "bills/<int:pk>": {"pk": _newest(Bill)},
        "budgets/<int:pk>": {"pk": _newest(Budget)},
        "checks/<str:slug>": {"slug": _only(declared("checks")[0].slug, "no-such-check")},
        "costs/bills/<int:pk>": {"pk": _newest(Bill)},
        "deliveries/<int:number>": {"number": _newest(Delivery)},
        "deliveries/receivers/<int:number>": {"number": _newest(AllowedTarget)},
        "kpis/<slug:slug>": kpi,
        "metrics/<str:slug>": {"slug": _only(declared("metrics")[0].slug, "no-such-metric")},
        "people/<str:username>": {"username": _only("lee", "nobody")},
        "policies/<str:slug>": {"slug": _only(declared("policies")[0].slug, "no-such-policy")},
        "scorecard/<slug:slug>": kpi,
        "units/<slug:slug>": {"slug": _only(PEER, "no-such-unit")},
    }


def start_of(path: str) -> str:
    """The longest start listed above that a route with parameters has; empty for one that is not listed."""
    bare = path.removeprefix("api/v1/")
    return max((start for start in OF_UNITS + OF_NOBODY if bare.startswith(start)), key=len, default="")


def place_of(known: Mapping[str, Place], path: str) -> Place | None:
    """What the parameters of a route are; None for a route without any."""
    return known[start_of(path)] if PARAMETER.search(path) else None


def address(path: str, values: Mapping[str, Any]) -> str:
    """The address of a route with its parameters filled in."""
    known = REST | dict(values)
    return "/" + PARAMETER.sub(lambda found: str(known[found[1]]), path)


def _place(values: Values) -> Place:
    own, other, missing = ({name: three[n] for name, three in values.items()} for n in range(3))
    return Place(own, None if None in other.values() else other, missing)


def _pks(rows: Any) -> tuple[Any, Any, Any]:
    return rows[0].pk, rows[1].pk, MISSING


def _refs(rows: Any, prefix: str) -> tuple[Any, Any, Any]:
    return rows[0].ref, rows[1].ref, f"{prefix}-{MISSING}"


def _only(own: Any, missing: Any = MISSING) -> tuple[Any, Any, Any]:
    """A thing that belongs to no unit."""
    return own, None, missing


def _newest(model: type[Model]) -> tuple[Any, Any, Any]:
    return _only(model._default_manager.aggregate(last=Max("pk"))["last"])
