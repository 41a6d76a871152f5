"""What data demands before a version serves."""

from __future__ import annotations

from portal.areas import Gate, GateAnswer, GateState
from portal.registry.models import ModelVersion


def has_schema(version: ModelVersion) -> GateAnswer:
    """A version without declared inputs cannot be watched: neither its drift nor its fairness."""
    if version.schema:
        return GateAnswer(GateState.PASSED, f"{len(version.schema['features'])} inputs declared")
    return GateAnswer(
        GateState.FAILED,
        "No inputs are declared, so nothing can be checked",
        version.get_absolute_url(),
        "Declare inputs",
    )


SCHEMA_DECLARED = Gate("schema-contract", "Schema contract", has_schema, order=40)
