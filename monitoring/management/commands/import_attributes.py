"""``manage.py import_attributes FILE --model M --version V``."""

from monitoring.importing import ImportCommand
from monitoring.models import Kind


class Command(ImportCommand):
    help = "Load attributes from a CSV, NDJSON, JSON or Parquet file."
    kind = Kind.ATTRIBUTES
