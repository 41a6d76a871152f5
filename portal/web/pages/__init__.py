"""Base pages. A view names the action it does, what it shows and what it calls; the rest comes from here."""

from portal.web.pages.base import ActionView, Page
from portal.web.pages.forms import ConfirmPage, FormPage, Suggestions
from portal.web.pages.lists import BulkAction, BulkPlan, ListPage

__all__ = [
    "ActionView",
    "BulkAction",
    "BulkPlan",
    "ConfirmPage",
    "FormPage",
    "ListPage",
    "Page",
    "Suggestions",
]
