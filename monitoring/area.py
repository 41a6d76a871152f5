from monitoring.checks import CHECKS
from monitoring.gates import GATES
from monitoring.jobs.loading import LOAD_DELIVERY
from monitoring.jobs.profiling import PROFILE_MONTH
from monitoring.jobs.sealing import ORDER_SEALS, SEAL
from monitoring.policies import DRIFT_LIMITS, FAIRNESS_LIMITS, PERFORMANCE_LIMITS
from portal.areas import Area, Feature, ModelTab, Role

READERS = frozenset(
    {
        Role.EXECUTIVE,
        Role.COMMITTEE,
        Role.ETHICS,
        Role.ENGINEER,
        Role.STEWARD,
        Role.OPERATIONS,
        Role.AUDITOR,
    }
)

AREA = Area(
    slug="monitoring",
    title="Continuous monitoring",
    features=(
        Feature(
            "7.1",
            "Statistical process control",
            page="monitoring:performance",
            does="monitoring.read",
            state="partly",
            api="/api/v1/models/NAME/versions/V/performance/",
            job="run-check performance",
            tests=("tests/monitoring",),
            missing="Charts on any metric, re-baselining by review, annotation of the first signal",
        ),
        Feature(
            "2.1",
            "Bias detection pipelines",
            page="monitoring:fairness",
            does="monitoring.read",
            state="partly",
            api="/api/v1/models/NAME/versions/V/fairness/",
            job="run-check fairness",
            tests=("tests/monitoring",),
            missing="Law presets, differencing guard between published windows",
        ),
        Feature(
            "7.3",
            "Feature drift",
            page="monitoring:drift",
            does="monitoring.read",
            api="/api/v1/models/NAME/versions/V/drift/",
            job="run-check drift",
            tests=("tests/monitoring",),
        ),
        Feature(
            "7.5",
            "Predictions and outcomes",
            page="monitoring:performance",
            does="monitoring.read",
            state="partly",
            api="/api/v1/models/NAME/versions/V/predictions/, …/outcomes/, …/windows/",
            job="monitoring.profile",
            tests=("tests/monitoring",),
            missing="The page that replays any window as it looked on any day",
        ),
    ),
    may={
        "monitoring.read": READERS,
        "monitoring.ingest": {Role.ENGINEER, Role.OPERATIONS},
        "monitoring.ingest_attributes": {Role.ENGINEER, Role.STEWARD},
        "monitoring.freeze": {Role.ENGINEER},
    },
    jobs=(PROFILE_MONTH, LOAD_DELIVERY, ORDER_SEALS, SEAL),
    checks=CHECKS,
    gates=GATES,
    policies=(DRIFT_LIMITS, FAIRNESS_LIMITS, PERFORMANCE_LIMITS),
    simulate="monitoring.demo.simulate",
    tabs=(
        ModelTab("Performance", "monitoring:performance", does="monitoring.read", order=20),
        ModelTab("Drift", "monitoring:drift", does="monitoring.read", order=21),
        ModelTab("Fairness", "monitoring:fairness", does="monitoring.read", order=22),
    ),
    metrics=tuple(kind for check in CHECKS for kind in check.metrics),
)
