from lifecycle.data.gates import SCHEMA_DECLARED
from portal.areas import Area, Feature, Role

AREA = Area(
    slug="data",
    title="Data stewardship",
    features=(
        Feature(
            "3.5",
            "Schema validation at ingestion",
            page="registry:version",
            does="data.declare",
            state="partly",
            api="PUT /api/v1/models/NAME/versions/V/schema/",
            tests=("tests/lifecycle/data",),
            missing="Forward and full compatibility, verdicts without storing, an estimate of waste avoided",
        ),
    ),
    may={"data.declare": {Role.ENGINEER, Role.STEWARD}},
    gates=(SCHEMA_DECLARED,),
)
