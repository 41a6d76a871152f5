from portal.areas import Area, Feature

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
    ),
    simulate="governance.strategy.demo.simulate",
)
