"""Raw predictions and outcomes can only be added by the application's role, in old partitions and new ones."""

from pathlib import Path

from django.db import migrations

SQL = Path(__file__).with_name("append_only.sql").read_text()


class Migration(migrations.Migration):
    dependencies = [("monitoring", "0002_raw_tables")]
    operations = [migrations.RunSQL(SQL)]
