"""Calls about systems, runs, policies, key figures, findings, evidence and cases."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile

from monitoring.policies import DRIFT_LIMITS
from portal.accounts.models import Unit
from portal.cases.services import cast_vote, open_case, report_condition
from portal.evidence.renewal import EVIDENCE_ENDS
from portal.evidence.services import place_hold, store
from portal.findings.services import ask_waiver
from portal.jobs.models import AllowedTarget, Delivery, DeliveryState, Run, RunState
from portal.metrics.models import Pillar
from portal.policies.parameters import encode
from portal.policies.services import propose_policy
from portal.registry.models import SystemGrant
from tests.laws.world import PEER, World
from tests.laws.writes.calls import (
    WHY,
    Call,
    Writes,
    evidence,
    finding,
    first_of_next_month,
    in_days,
    moment,
    person,
    ref,
    system,
    today,
)

KPI = "retention-uplift"
DRIFT = DRIFT_LIMITS
LOOSER = replace(DRIFT.parameters(), warn=0.15)


def _proposal(world: World) -> dict[str, Any]:
    made = propose_policy(DRIFT, LOOSER, actor=person(world, "chen"), reason=WHY)
    return {"slug": DRIFT.slug, "pk": made.pk}


def _own_policy(world: World) -> dict[str, Any]:
    stricter = replace(DRIFT.parameters(), warn=0.05)
    propose_policy(DRIFT, stricter, actor=person(world, "erin"), reason=WHY, system=system(world))
    return {"slug": DRIFT.slug, **ref(world)}


def _dead_run() -> dict[str, Any]:
    run = Run.objects.filter(system__models__name="credit-limit").latest("pk")
    Run.objects.filter(pk=run.pk).update(
        state=RunState.DEAD, lease_until=None, token=None, started_at=run.created_at, ended_at=moment(0)
    )
    return {"number": run.pk}


def _dead_mail() -> dict[str, Any]:
    mail = Delivery.objects.latest("pk")
    Delivery.objects.filter(pk=mail.pk).update(state=DeliveryState.DEAD)
    return {"number": mail.pk}


def _held(world: World) -> dict[str, Any]:
    hold = place_hold("A matter", reason=WHY, items=[system(world)], actor=person(world, "dara"))
    return {"pk": hold.pk}


def _finding(world: World) -> dict[str, str]:
    return {"ref": finding(world).ref}


def _asked(world: World) -> dict[str, str]:
    ask_waiver(finding(world), reason=WHY, expires_at=moment(20), actor=person(world, "erin"))
    return _finding(world)


def _case(world: World) -> dict[str, str]:
    return {"ref": world.release.ref}


def _condition(world: World, *, reported: bool = False) -> dict[str, Any]:
    """A condition of an approval, for Erin to meet."""
    case = world.release
    for member in ("ann", "bob"):
        cast_vote(case, actor=person(world, member), choice="conditions", reason=WHY)
    condition = case.conditions.get()
    if reported:
        report_condition(condition, actor=person(world, "erin"), how="Done.")
    return {"ref": case.ref, "pk": condition.pk}


def _task(world: World) -> dict[str, str]:
    """A case with an owner, who reports that it is done."""
    erin = person(world, "erin")
    return {"ref": open_case(EVIDENCE_ENDS, evidence(world), actor=None, owner=erin).ref}


def _file() -> SimpleUploadedFile:
    return SimpleUploadedFile("note.txt", b"A note.")


PROOF = {"title": "Note", "claim": "It was read"}
SYSTEM = {"name": "New system", "risk_tier": "limited"}
FIGURE = {
    "name": "New figure",
    "slug": "new-figure",
    "direction": "up",
    "period": "month",
    "source": "entered",
}
CHANGE = {"unit": "%", "decimals": 1, "tolerance": 0.1, "order": 10}

REGISTRY: Writes = {
    "POST api/v1/systems/": lambda _: Call("erin", SYSTEM | {"unit": PEER}),
    "PATCH api/v1/systems/<str:ref>/": lambda w: Call("erin", {"purpose": "Another"}, ref(w)),
    "POST api/v1/systems/<str:ref>/stage/": lambda w: Call(
        "chen", {"stage": "paused", "reason": WHY}, ref(w)
    ),
    "POST systems/propose/": lambda _: Call(
        "erin", SYSTEM | {"unit": Unit.objects.get(slug=PEER).pk, "purpose": "To learn"}
    ),
    "POST systems/<str:ref>/edit/": lambda w: Call(
        "erin", SYSTEM | {"unit": Unit.objects.get(slug=PEER).pk, "purpose": "Another"}, ref(w)
    ),
    "POST systems/<str:ref>/move/": lambda w: Call("chen", {"stage": "paused", "reason": WHY}, ref(w)),
    "POST systems/<str:ref>/access/": lambda w: Call(
        "chen", {"person": person(w, "zoe").pk, "days": 9, "reason": WHY}, ref(w)
    ),
    "POST systems/<str:ref>/access/<int:pk>/end/": lambda w: Call(
        "chen", values=ref(w) | {"pk": SystemGrant.objects.get(content_object=system(w)).pk}
    ),
}
JOBS: Writes = {
    "POST api/v1/runs/": lambda _: Call("ada", {"job": "audit-seal"}),
    "POST api/v1/runs/<int:number>/replay/": lambda _: Call("erin", values=_dead_run()),
    "POST api/v1/runs/<int:number>/dismiss/": lambda _: Call("erin", {"reason": WHY}, _dead_run()),
    "POST runs/new/": lambda _: Call("ada", {"job": "audit-seal"}),
    "POST runs/<int:number>/replay/": lambda _: Call("erin", values=_dead_run()),
    "POST runs/<int:number>/dismiss/": lambda _: Call("erin", {"reason": WHY}, _dead_run()),
    "POST deliveries/receivers/new/": lambda _: Call(
        "ada", {"host": "new.example", "port": 443, "reason": WHY}
    ),
    "POST deliveries/receivers/<int:number>/end/": lambda _: Call(
        "ada", values={"number": AllowedTarget.objects.latest("pk").pk}
    ),
    "POST deliveries/<int:number>/again/": lambda _: Call("ada", values=_dead_mail()),
}
POLICIES: Writes = {
    "POST api/v1/policies/<str:slug>/versions/": lambda _: Call(
        "chen", {"parameters": encode(LOOSER), "reason": WHY}, {"slug": DRIFT.slug}
    ),
    "POST api/v1/policies/<str:slug>/versions/<int:pk>/decision/": lambda w: Call(
        "maya", {"approve": True}, _proposal(w)
    ),
    "POST policies/<str:slug>/propose/": lambda _: Call(
        "chen", encode(LOOSER) | {"reason": WHY}, {"slug": DRIFT.slug}
    ),
    "POST policies/<str:slug>/proposals/<int:pk>/": lambda w: Call("maya", {"approve": "yes"}, _proposal(w)),
    "POST policies/<str:slug>/systems/<str:ref>/end/": lambda w: Call(
        "erin", {"reason": WHY}, _own_policy(w)
    ),
}
AIM = {"value": 0.04, "starts_on": first_of_next_month(), "reason": WHY}
VALUE = {"day": today().isoformat(), "value": 0.02}
METRICS: Writes = {
    "POST api/v1/kpis/": lambda _: Call("chen", FIGURE | {"pillar": "grow-revenue"}),
    "PATCH api/v1/kpis/<slug:slug>/": lambda _: Call("chen", {"name": "Another name"}, {"slug": KPI}),
    "POST api/v1/kpis/<slug:slug>/targets/": lambda _: Call("chen", AIM, {"slug": KPI}),
    "POST api/v1/kpis/<slug:slug>/check-ins/": lambda _: Call("erin", {"text": "Well."}, {"slug": KPI}),
    "POST api/v1/kpis/<slug:slug>/samples/": lambda _: Call("erin", VALUE, {"slug": KPI}),
    "POST scorecard/define/": lambda _: Call("chen", FIGURE | CHANGE | {"pillar": _pillar()}),
    "POST scorecard/pillars/new/": lambda _: Call("chen", {"name": "Calm", "slug": "calm", "order": 90}),
    "POST scorecard/<slug:slug>/edit/": lambda _: Call(
        "chen", CHANGE | {"name": "Another name", "pillar": _pillar()}, {"slug": KPI}
    ),
    "POST scorecard/<slug:slug>/target/": lambda _: Call("chen", AIM, {"slug": KPI}),
    "POST scorecard/<slug:slug>/value/": lambda _: Call("erin", VALUE, {"slug": KPI}),
    "POST scorecard/<slug:slug>/import/": lambda _: Call(
        "erin",
        {"file": SimpleUploadedFile("values.csv", f"day,value\n{today()},0.02\n".encode())},
        {"slug": KPI},
    ),
    "POST scorecard/<slug:slug>/check-ins/new/": lambda _: Call("erin", {"text": "Well."}, {"slug": KPI}),
    "POST scorecard/<slug:slug>/contributions/": lambda w: Call(
        "chen", {"system": system(w).pk, "share": 0.5}, {"slug": KPI}
    ),
    "POST scorecard/<slug:slug>/retire/": lambda _: Call("chen", {"reason": WHY}, {"slug": KPI}),
}


def _pillar() -> int:
    return Pillar.objects.get(slug="grow-revenue").pk


LATER = {"reason": WHY, "expires_at": moment(20).isoformat()}
FINDINGS: Writes = {
    "POST api/v1/findings/<str:ref>/acknowledge/": lambda w: Call("erin", values=_finding(w)),
    "POST api/v1/findings/<str:ref>/accept/": lambda w: Call("erin", {"owner": "erin"}, _finding(w)),
    "POST api/v1/findings/<str:ref>/assign/": lambda w: Call("erin", {"owner": "sam"}, _finding(w)),
    "POST api/v1/findings/<str:ref>/comments/": lambda w: Call("erin", {"text": "Seen."}, _finding(w)),
    "POST api/v1/findings/<str:ref>/waive/": lambda w: Call("erin", LATER, _finding(w)),
    "POST api/v1/findings/<str:ref>/waiver-decision/": lambda w: Call("chen", {"grant": True}, _asked(w)),
    "POST findings/<str:ref>/acknowledge/": lambda w: Call("erin", values=_finding(w)),
    "POST findings/<str:ref>/accept/": lambda w: Call("erin", {"owner": person(w, "erin").pk}, _finding(w)),
    "POST findings/<str:ref>/assign/": lambda w: Call("erin", {"owner": person(w, "sam").pk}, _finding(w)),
    "POST findings/<str:ref>/comment/": lambda w: Call("erin", {"text": "Seen."}, _finding(w)),
    "POST findings/<str:ref>/waive/": lambda w: Call(
        "erin", {"reason": WHY, "until": in_days(20)}, _finding(w)
    ),
    "POST findings/<str:ref>/waiver/": lambda w: Call("chen", {"grant": "yes"}, _asked(w)),
}
EVIDENCE: Writes = {
    "POST api/v1/evidence/": lambda w: Call("erin", PROOF | {"file": _file(), "system": system(w).ref}),
    "POST api/v1/evidence/<str:ref>/verify/": lambda w: Call("otto", values={"ref": evidence(w).ref}),
    "POST api/v1/systems/<str:system>/evidence/": lambda w: Call(
        "erin", PROOF | {"file": _file()}, {"system": system(w).ref}
    ),
    "POST evidence/add/": lambda w: Call("erin", PROOF | {"file": _file(), "system": system(w).ref}),
    "POST evidence/holds/place/": lambda w: Call(
        "dara", {"matter": "A matter", "reason": WHY, "items": system(w).ref}
    ),
    "POST evidence/holds/<int:pk>/release/": lambda w: Call("chen", {"reason": WHY}, _held(w)),
    "POST evidence/<str:ref>/verify/": lambda w: Call("otto", values={"ref": evidence(w).ref}),
    "POST evidence/<str:ref>/discard/": lambda w: Call("dara", {"reason": WHY}, _loose(w)),
}


def _loose(world: World) -> dict[str, str]:
    """Evidence that no hold names."""
    kept = store(b"loose", title="Loose", actor=person(world, "erin"), unit=Unit.objects.get(slug=PEER))
    return {"ref": kept.ref}


CASES: Writes = {
    "POST api/v1/cases/<str:ref>/votes/": lambda w: Call("ann", {"approve": True, "reason": WHY}, _case(w)),
    "POST api/v1/cases/<str:ref>/conflicts/": lambda w: Call("ann", {"reason": WHY}, _case(w)),
    "POST reviews/<str:ref>/": lambda w: Call("ann", {"choice": "approve", "reason": WHY}, _case(w)),
    "POST reviews/<str:ref>/conflict/": lambda w: Call("ann", {"reason": WHY}, _case(w)),
    "POST reviews/<str:ref>/day/": lambda w: Call("ann", {"reason": WHY, "due_on": in_days(20)}, _case(w)),
    "POST reviews/<str:ref>/withdraw/": lambda w: Call("erin", {"reason": WHY}, _case(w)),
    "POST reviews/<str:ref>/done/": lambda w: Call("erin", {"how": "It is done."}, _task(w)),
    "POST reviews/<str:ref>/comment/": lambda w: Call("ann", {"text": "Seen."}, _case(w)),
    "POST reviews/<str:ref>/evidence/": lambda w: Call("chen", PROOF | {"file": _file()}, _case(w)),
    "POST reviews/<str:ref>/conditions/": lambda w: Call(
        "ann", {"condition": "Watch it", "condition_owner": person(w, "erin").pk}, _case(w)
    ),
    "POST reviews/<str:ref>/conditions/<int:pk>/report/": lambda w: Call(
        "erin", {"how": "Done."}, _condition(w)
    ),
    "POST reviews/<str:ref>/conditions/<int:pk>/accept/": lambda w: Call(
        "chen", {"how": "Seen."}, _condition(w, reported=True)
    ),
    "POST models/<str:name>/versions/<int:number>/waiver/": lambda _: Call(
        "erin",
        {"gate": "fairness", "reason": WHY, "until": in_days(20)},
        {"name": "churn", "number": 2},
    ),
}
KERNEL: Writes = REGISTRY | JOBS | POLICIES | METRICS | FINDINGS | EVIDENCE | CASES
