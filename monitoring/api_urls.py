from django.urls import path

from monitoring.api import (
    AttributeDelivery,
    DriftFigure,
    EvaluationOf,
    OutcomeDelivery,
    PredictionDelivery,
    ReferenceDelivery,
    SchemaDeclaration,
    Windows,
)
from monitoring.checks import CHECKS

VERSION = "models/<str:name>/versions/<int:number>/"

urlpatterns = [
    path(f"{VERSION}schema/", SchemaDeclaration.as_view(), name="version-schema"),
    path(f"{VERSION}reference/", ReferenceDelivery.as_view(), name="version-reference"),
    path(f"{VERSION}predictions/", PredictionDelivery.as_view(), name="version-predictions"),
    path(f"{VERSION}outcomes/", OutcomeDelivery.as_view(), name="version-outcomes"),
    path(f"{VERSION}attributes/", AttributeDelivery.as_view(), name="version-attributes"),
    *(
        path(f"{VERSION}{check.slug}/", EvaluationOf.as_view(check=check), name=f"version-{check.slug}")
        for check in CHECKS
    ),
    path(f"{VERSION}drift/figure.json", DriftFigure.as_view(), name="version-drift-figure"),
    path(f"{VERSION}windows/", Windows.as_view(), name="version-windows"),
]
