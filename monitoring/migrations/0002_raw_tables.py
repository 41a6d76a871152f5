"""The partitioned tables of raw rows. They are no Django models: nothing reads them row by row."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_name("raw_tables.sql").read_text()
UNDO = """
DROP FUNCTION monitoring_ensure_month(timestamptz);
DROP TABLE monitoring_prediction, monitoring_prediction_index, monitoring_outcome,
           monitoring_parked_outcome, monitoring_pending_features, monitoring_attribute;
"""


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0001_initial")]
    operations = [migrations.RunSQL(SQL, UNDO)]
