"""``manage.py import_outcomes FILE --model M --version V``."""

from monitoring.importing import ImportCommand
from monitoring.models import Kind


class Command(ImportCommand):
    help = "Load outcomes from a CSV, NDJSON, JSON or Parquet file."
    kind = Kind.OUTCOMES
