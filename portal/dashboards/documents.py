"""Documents made from the declarations: the 63 capabilities, and who may do what."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from portal.areas import Feature, Role, areas, declared
from portal.rights import SIGNED_IN, matrix

CURRICULUM: tuple[tuple[str, str, tuple[str, ...]], ...] = (
    (
        "1",
        "Strategic alignment",
        (
            "KPIs that link models to business outcomes",
            "Executive workshops",
            "Governance committee",
            "Resource negotiation",
            "Roadmap in planning cycles",
            "Build or buy",
            "Scope-drift escalation",
        ),
    ),
    (
        "2",
        "Ethics and compliance",
        (
            "Bias detection pipelines",
            "Dossier of decision logic",
            "Ethics review board",
            "Adversarial tests",
            "Lineage for legal discovery",
            "Human-in-the-loop thresholds",
            "Terms of service with counsel",
        ),
    ),
    (
        "3",
        "Data stewardship",
        (
            "Retention policies",
            "Off-peak scheduling",
            "Provider selection",
            "Versioning and catalogue",
            "Schema validation at ingestion",
            "Data quality monitors",
            "Data sharing agreements",
        ),
    ),
    (
        "4",
        "Model development",
        (
            "Code reviews of training scripts",
            "Model lineage",
            "Deprecation schedules",
            "Feature standardisation",
            "Latency and memory at selection",
            "Edge-case tests",
            "Technical debt sprints",
        ),
    ),
    (
        "5",
        "Operational resilience",
        (
            "Auto-scaling",
            "Circuit breakers and fallbacks",
            "Canary deployment",
            "GPU utilisation",
            "Incident playbooks",
            "Observability",
            "Chaos experiments",
        ),
    ),
    (
        "6",
        "People and change",
        (
            "Role redesign",
            "Override simulations",
            "Adoption and trust",
            "Employee representatives",
            "Frontline feedback",
            "Explained predictions",
            "Disputes",
        ),
    ),
    (
        "7",
        "Continuous monitoring",
        (
            "Statistical process control",
            "Baselines and human benchmarks",
            "Feature drift",
            "Retraining triggers",
            "Predictions and outcomes",
            "Root cause analysis",
            "Scorecards",
        ),
    ),
    (
        "8",
        "Cost and accountability",
        (
            "Attribution and chargeback",
            "Total cost of ownership",
            "Spot strategies",
            "Reserved contracts",
            "Quarterly cost review",
            "Pruning and quantisation",
            "Budgets and approvals",
        ),
    ),
    (
        "9",
        "Organisational learning",
        (
            "Archive",
            "Post-mortems",
            "Practices and mentors",
            "Carbon targets",
            "Strategy refresh",
            "Rotation",
            "Succession",
        ),
    ),
)
"""The modules and their capabilities, in short; each has seven."""


def features_document() -> str:
    """Every capability with its page, API, job, tests and state. Raises ValueError for an unknown code."""
    known = {feature.code: feature for feature in declared("features")}
    unknown = set(known) - {f"{m}.{i}" for m, _, titles in CURRICULUM for i in range(1, len(titles) + 1)}
    if unknown:
        raise ValueError(f"features {sorted(unknown)} are none of the curriculum")
    states = [known[code].state if code in known else "missing" for code in _codes()]
    counted = ", ".join(f"{states.count(s)} {s}" for s in ("works", "partly", "missing"))
    lines = [
        "# The 63 capabilities",
        "",
        "Generated from the declarations by `manage.py features`; do not edit.",
        "",
        f"{counted}.",
        "",
    ]
    for module, title, titles in CURRICULUM:
        lines += [
            f"## Module {module}: {title}",
            "",
            "| | capability | state | page | API | job | tests | still missing |",
            "|---|---|---|---|---|---|---|---|",
        ]
        for place, capability in enumerate(titles, start=1):
            code = f"{module}.{place}"
            lines.append(_line(code, capability, known.get(code)))
        lines.append("")
    return "\n".join(lines)


def permissions_document() -> str:
    """Each action and the roles that hold it, by area."""
    lines = [
        "# Who may do what",
        "",
        "Generated from the declarations by `manage.py permissions`; do not edit.",
        "",
        "A role may do this on the systems its membership covers: those of its unit and of the units below.",
        "",
    ]
    columns = list(Role)
    for area in areas():
        if not area.may:
            continue
        lines += [f"## {area.title}", ""]
        lines.append("| action | " + " | ".join(role.value for role in columns) + " |")
        lines.append("|---" * (len(columns) + 1) + "|")
        for action in sorted(area.may):
            held = matrix()[action]
            marks = " | ".join("yes" if role in held else "" for role in columns)
            lines.append(f"| `{action}` | {marks} |")
        lines.append("")
    lines += [f"Whoever is signed in may do `{SIGNED_IN}`: the own profile, tokens, the inbox, help.", ""]
    return "\n".join(lines)


def path_of(name: str) -> Path:
    """Where a generated document stands."""
    return Path(settings.BASE_DIR) / "docs" / name


def _codes() -> list[str]:
    return [f"{module}.{i}" for module, _, titles in CURRICULUM for i in range(1, len(titles) + 1)]


def _line(code: str, title: str, feature: Feature | None) -> str:
    if feature is None:
        return f"| M{code} | {title} | missing | | | | | all of it |"
    tests = ", ".join(f"`{path}`" for path in feature.tests)
    cells = (feature.state, f"`{feature.page}`", feature.api, feature.job, tests, feature.missing)
    return f"| M{code} | {title} | " + " | ".join(cells) + " |"
