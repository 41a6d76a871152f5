"""Where rows go: narrow rows by COPY into PostgreSQL, features into content-addressed Parquet.

Everything runs inside the caller's transaction. A Parquet file whose transaction rolled back is an orphan
under its own digest; writing it again is the same file.
"""

from monitoring.store.outcomes import append_outcomes, outcomes_of_day
from monitoring.store.predictions import Sorting, append_predictions, sort_predictions
from monitoring.store.restricted import append_attributes, attributes_of_day, purpose
from monitoring.store.sealing import enter_written, ripe_versions, write_waiting
from monitoring.store.segments import DayRows, rows_of_day, write_segment

__all__ = [
    "DayRows",
    "Sorting",
    "append_attributes",
    "append_outcomes",
    "append_predictions",
    "attributes_of_day",
    "enter_written",
    "outcomes_of_day",
    "purpose",
    "ripe_versions",
    "rows_of_day",
    "sort_predictions",
    "write_segment",
    "write_waiting",
]
