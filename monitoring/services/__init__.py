"""Every write of monitoring."""

from monitoring.services.ingestion import (
    OnInvalid,
    Receipt,
    ingest_attributes,
    ingest_outcomes,
    ingest_predictions,
)
from monitoring.services.references import freeze_reference
from monitoring.services.summaries import Profiled, profile_days, store_summaries

__all__ = [
    "OnInvalid",
    "Profiled",
    "Receipt",
    "freeze_reference",
    "ingest_attributes",
    "ingest_outcomes",
    "ingest_predictions",
    "profile_days",
    "store_summaries",
]
