"""``manage.py permissions [--check]``: docs/permissions.md from the declarations."""

from portal.dashboards.documenting import DocumentCommand
from portal.dashboards.documents import permissions_document


class Command(DocumentCommand):
    help = "Write docs/permissions.md from the declarations."
    name = "permissions.md"
    draw = staticmethod(permissions_document)
