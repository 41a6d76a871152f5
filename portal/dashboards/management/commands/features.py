"""``manage.py features [--check]``: docs/features.md from the declarations."""

from portal.dashboards.documenting import DocumentCommand
from portal.dashboards.documents import features_document


class Command(DocumentCommand):
    help = "Write docs/features.md from the declarations."
    name = "features.md"
    draw = staticmethod(features_document)
