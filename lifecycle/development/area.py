from lifecycle.development.gates import ACCOUNTABLE
from lifecycle.development.releases import RELEASE, RELEASE_APPROVED
from portal.areas import Area, Feature, Role

AREA = Area(
    slug="development",
    title="Model development",
    features=(
        Feature(
            "4.2",
            "Model lineage",
            page="registry:models",
            does="registry.read",
            state="partly",
            api="/api/2.0/mlflow/, /api/v1/environments/ENV/assignments/?as_of=",
            tests=("tests/lifecycle/development",),
            missing="Run facts from a tracking server",
        ),
    ),
    may={
        "development.request_release": {Role.ENGINEER},
        "development.vote_release": {Role.COMMITTEE},
        "development.assign_system": {Role.ENGINEER, Role.STEWARD},
    },
    gates=(RELEASE_APPROVED, ACCOUNTABLE),
    case_kinds=(RELEASE,),
)
