from governance.strategy.build_or_buy import BUILD_OR_BUY
from governance.strategy.checks import FORECAST, FORECAST_ERROR
from governance.strategy.policies import FORECAST_LIMITS
from governance.strategy.services import DECISION
from portal.areas import Area, Feature, Role

AREA = Area(
    slug="strategy",
    title="Strategic alignment",
    features=(
        Feature(
            "1.1",
            "KPIs that link AI to business outcomes",
            page="metrics:scorecard",
            does="metrics.read",
            state="partly",
            api="/api/v1/kpis/",
            tests=("tests/portal/metrics",),
            missing="The tested link from a model metric to a KPI",
        ),
        Feature(
            "1.3",
            "Governance committee",
            page="bodies:sessions",
            does="bodies.read",
            state="partly",
            api="/api/v1/bodies/, /api/v1/sessions/",
            job="plan-sessions, end-votes-in-writing",
            tests=("tests/portal/bodies",),
            missing="An alignment score that proposes systems; what deprioritising does to stage and budget",
        ),
        Feature(
            "1.6",
            "Build or buy",
            page="analyses:analyses",
            does="analyses.read",
            api="/api/v1/analyses/, …/ANL-N/proposal/, …/ANL-N/actuals/",
            job="run-check strategy.forecast",
            tests=("tests/governance/strategy", "tests/portal/analyses"),
        ),
    ),
    may={
        "strategy.propose": {
            Role.EXECUTIVE,
            Role.COMMITTEE,
            Role.ENGINEER,
            Role.STEWARD,
            Role.OPERATIONS,
            Role.FINANCE,
        },
    },
    analyses=(BUILD_OR_BUY,),
    case_kinds=(DECISION,),
    checks=(FORECAST,),
    policies=(FORECAST_LIMITS,),
    metrics=(FORECAST_ERROR,),
    simulate="governance.strategy.demo.simulate",
)
