"""``manage.py import_predictions FILE --model M --version V``."""

from monitoring.importing import ImportCommand
from monitoring.models import Kind


class Command(ImportCommand):
    help = "Load predictions from a CSV, NDJSON, JSON or Parquet file."
    kind = Kind.PREDICTIONS
