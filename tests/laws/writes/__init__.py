"""A valid call of each address that writes, by area; the law of the audit drives them all."""

from tests.laws.writes.analyses import ANALYSES
from tests.laws.writes.areas import AREAS
from tests.laws.writes.bodies import BODIES
from tests.laws.writes.calls import Call, Writes
from tests.laws.writes.kernel import KERNEL
from tests.laws.writes.mlflow import MLFLOW
from tests.laws.writes.people import PEOPLE

WRITES: Writes = PEOPLE | KERNEL | BODIES | ANALYSES | AREAS | MLFLOW

__all__ = ["WRITES", "Call"]
