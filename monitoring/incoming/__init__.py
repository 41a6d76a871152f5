"""How rows come in: a body becomes columns, columns become checked tables, nothing goes row by row."""

from monitoring.incoming.bodies import MAX_ROWS_AT_ONCE, Columns, read_body, read_file
from monitoring.incoming.tables import Table, attribute_table, outcome_table, prediction_table

__all__ = [
    "MAX_ROWS_AT_ONCE",
    "Columns",
    "Table",
    "attribute_table",
    "outcome_table",
    "prediction_table",
    "read_body",
    "read_file",
]
