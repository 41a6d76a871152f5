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
    ),
    simulate="governance.strategy.demo.simulate",
)
