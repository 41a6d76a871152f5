from django.urls import path

from monitoring.api import (
    AttributeDelivery,
    OutcomeDelivery,
    PredictionDelivery,
    ReferenceDelivery,
    SchemaDeclaration,
    Windows,
)

VERSION = "models/<str:name>/versions/<int:number>/"

urlpatterns = [
    path(f"{VERSION}schema/", SchemaDeclaration.as_view(), name="version-schema"),
    path(f"{VERSION}reference/", ReferenceDelivery.as_view(), name="version-reference"),
    path(f"{VERSION}predictions/", PredictionDelivery.as_view(), name="version-predictions"),
    path(f"{VERSION}outcomes/", OutcomeDelivery.as_view(), name="version-outcomes"),
    path(f"{VERSION}attributes/", AttributeDelivery.as_view(), name="version-attributes"),
    path(f"{VERSION}windows/", Windows.as_view(), name="version-windows"),
]
