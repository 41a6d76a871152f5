"""A list: filter, sort, columns, pages, saved views, exports and bulk actions; the address is its state."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

from django.conf import settings
from django.db.models import QuerySet
from django.forms import BaseForm, ChoiceField, ModelChoiceField, NullBooleanField
from django.http import HttpRequest, HttpResponseBase, QueryDict
from django.template.response import TemplateResponse
from django.utils.functional import Promise
from django.utils.http import urlencode
from django.utils.module_loading import import_string
from django.utils.text import slugify
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django_tables2 import RequestConfig

from portal.errors import Invalid, TooLarge
from portal.rights import may, require
from portal.web import exports
from portal.web.figures import number
from portal.web.pages.base import Page
from portal.web.parts import Empty, KeptViews, SavedView
from portal.web.tables import PortalTable, SelectColumn

SIZES = (25, 50, 100)
EMPTY_LABEL = "---------"
"""What Django and django-filter call the choice that chooses nothing."""


@dataclass(frozen=True, slots=True)
class BulkPlan:
    """What a bulk action would do: how many rows would change, how many stand so already, who is refused."""

    changes: int
    unchanged: int = 0
    refused: Sequence[str] = ()


@dataclass(frozen=True, slots=True)
class BulkAction:
    """Select, see the dry run, apply. ``plan`` reads, ``apply`` calls a service and returns the message."""

    slug: str
    title: str | Promise
    does: str
    plan: Callable[[Any, Any], BulkPlan]
    apply: Callable[[Any, Any], str]


@dataclass(frozen=True, slots=True)
class Choice:
    """An option of a list: a column, a page size, a format, a view."""

    title: str
    url: str
    value: str = ""
    chosen: bool = False
    count: int | None = None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class ListState:
    """Everything the shared list template needs beside the table and the filter form."""

    count: int
    first: int
    last: int
    noun: str
    columns: Sequence[Choice]
    shown: int
    sizes: Sequence[Choice]
    formats: Sequence[Choice]
    previous_url: str
    next_url: str
    clear_url: str
    bulk: Sequence[BulkAction]
    keep: Sequence[tuple[str, str]] = ()
    """What a change of filter keeps; ``keep_filters`` is what a change of columns keeps."""
    keep_filters: Sequence[tuple[str, str]] = ()
    filtered: int = 0


class ListPage(Page):
    """A register. Give it a table, a queryset, and a filter set; the rest follows.

    ``noun`` is (one, many), for the count and the file name. ``views`` may name usual views; people
    keep others of their own, see ``settings.PORTAL_KEPT_VIEWS``.
    """

    template_name = "shapes/register.html"
    fragment_name = "components/register.html"
    table_class: ClassVar[type[PortalTable]]
    filterset_class: ClassVar[Any] = None
    queryset: ClassVar[Any] = None
    noun: ClassVar[tuple[Any, Any]] = ("row", "rows")
    formats: ClassVar[Sequence[str]] = tuple(exports.FORMATS)
    bulk_actions: ClassVar[Sequence[BulkAction]] = ()
    note: ClassVar[Any] = ""
    """A line in the foot, e.g. what a dash means."""

    def rows(self) -> QuerySet[Any]:
        """The rows this person may see, before filters."""
        if self.queryset is None:
            raise NotImplementedError("give the list a queryset, or override rows()")
        found: QuerySet[Any] = self.queryset.all()
        return found

    def views(self) -> Sequence[SavedView]:
        """The usual views of this list, all rows first; those that people keep follow by themselves."""
        return ()

    def empty(self) -> Empty:
        """What stands in place of the table when there is not even a row to filter."""
        return Empty(_("No %(rows)s yet") % {"rows": self.noun[1]})

    def export_later(self, kind: str) -> str:  # noqa: ARG002 - for those who have a job for it
        """Start an export as a job and return its page; nothing where the list has no such job."""
        return ""

    # --- Data -------------------------------------------------------------------------------------------

    @cached_property
    def filter(self) -> Any:
        if self.filterset_class is None:
            return None
        found = self.filterset_class(self.request.GET or None, queryset=self.rows(), request=self.request)
        name_empty_choices(found.form)
        return found

    @cached_property
    def found(self) -> Any:
        """The rows after the filters."""
        return self.rows() if self.filter is None else self.filter.qs

    @cached_property
    def table(self) -> PortalTable:
        extra: dict[str, Any] = {}
        if self.allowed_bulk:
            extra = {"extra_columns": [("row", SelectColumn())], "sequence": ("row", "...")}
        table = self.table_class(self.found, request=self.request, **extra)
        self._choose_columns(table)
        RequestConfig(self.request, paginate={"per_page": self.size}).configure(table)
        return table

    @cached_property
    def size(self) -> int:
        wanted = self.request.GET.get("size", "")
        return int(wanted) if wanted.isdigit() and int(wanted) in SIZES else SIZES[0]

    @cached_property
    def allowed_bulk(self) -> list[BulkAction]:
        return [action for action in self.bulk_actions if may(self.request.user, action.does)]

    @property
    def count(self) -> int:
        """How many rows the filters leave."""
        return int(self.table.paginator.count)

    def _choose_columns(self, table: PortalTable) -> None:
        chosen = self._chosen_columns()
        if not chosen:
            return
        for name in self._switchable(table):
            if name in chosen:
                table.columns.show(name)
            else:
                table.columns.hide(name)

    def _chosen_columns(self) -> list[str]:
        return [name for value in self.request.GET.getlist("cols") for name in value.split(",") if name]

    def _switchable(self, table: PortalTable) -> list[str]:
        names = [name for name in table.columns.names() if name != "row"]
        return [name for name in names[1:] if name not in table.fixed]

    # --- Answers ----------------------------------------------------------------------------------------

    def get(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # noqa: ARG002 - the route's
        kind = request.GET.get("export", "")
        if kind:
            return self.export(kind)
        return self.render()

    def export(self, kind: str) -> HttpResponseBase:
        """The filtered, sorted rows with the columns on show, as a file."""
        if kind not in self.formats:
            raise Invalid(_("Exports are %(known)s.") % {"known": ", ".join(self.formats)})
        if self.count > exports.MOST_ROWS:
            later = self.export_later(kind)
            if later:
                return self.leave(later)
            raise TooLarge(
                _("%(count)s rows are too many for one file; filter to %(most)s or fewer, or use the API.")
                % {"count": number(self.count), "most": number(exports.MOST_ROWS)}
            )
        shown = {column.name for column in self.table.columns.itervisible()}
        hidden = [name for name in self.table.columns.names() if name == "row" or name not in shown]
        lines = iter(self.table.as_values(exclude_columns=hidden))
        heads = [str(head) for head in next(lines)]
        return exports.answer(kind, slugify(str(self.noun[1])), heads, lines)

    def post(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:  # noqa: ARG002 - the route's
        """A bulk action: first its dry run, then, from there, the action itself."""
        slug = request.POST.get("bulk", "")
        action = next((a for a in self.bulk_actions if a.slug == slug), None)
        if action is None:
            raise Invalid(_("There is no such action on this list."))
        require(request.user, action.does)
        rows = self.rows().filter(pk__in=request.POST.getlist("row"))
        if request.POST.get("step") == "apply":
            return self.leave(request.get_full_path(), action.apply(rows, request.user))
        return self.confirm(action, rows)

    def confirm(self, action: BulkAction, rows: QuerySet[Any]) -> TemplateResponse:
        self.template_once = "shapes/bulk.html"
        return self.render(
            bulk=action,
            plan=action.plan(rows, self.request.user),
            rows=rows,
            heading=action.title,
            back=self.request.get_full_path(),
        )

    template_once = ""

    def template_now(self) -> str:
        return self.template_once or super().template_now()

    def render(self, status: int = 200, **extra: Any) -> TemplateResponse:
        return super().render(status, **{**self._list_context(), **extra})

    def _list_context(self) -> Mapping[str, Any]:
        kept = self.kept.views
        usual = self.views() or ([SavedView(_("All"), "")] if kept else ())
        return {
            "table": self.table,
            "filter": self.filter,
            "list": self.state(),
            "empty": self.empty() if not self.count and not self._is_filtered() else None,
            "views": [self._view(view) for view in (*usual, *kept)],
            "save_view_url": self._save_view_url(),
            "note": self.note,
        }

    @cached_property
    def kept(self) -> KeptViews:
        """What people have kept of this list; of lists about one thing nothing is kept."""
        match = self.request.resolver_match
        if not settings.PORTAL_KEPT_VIEWS or match is None or match.kwargs:
            return KeptViews()
        found: KeptViews = import_string(settings.PORTAL_KEPT_VIEWS)(match.view_name, self.person)
        return found

    def _save_view_url(self) -> str:
        """Where the list as it stands now gets a name; nothing while it stands as it always does."""
        query = self._parameters(lambda name: name not in {"page", "size", "export"})
        return f"{self.kept.save_url}?{urlencode(query)}" if query and self.kept.save_url else ""

    def _is_filtered(self) -> bool:
        names = set(self.filter.form.fields) if self.filter is not None else set()
        return any(self.request.GET.get(name) for name in names)

    def _view(self, view: SavedView) -> Choice:
        current = QueryDict(view.query).dict() == {
            key: value for key, value in self.request.GET.dict().items() if key not in {"page", "size"}
        }
        url = f"?{view.query}" if view.query else self.request.path
        return Choice(view.title, url, chosen=current, count=view.count, detail=view.owner)

    def url(self, **changes: Any) -> str:
        """This list's address with parameters changed; None takes one away, a list gives it many values."""
        query = self.request.GET.copy()
        query.pop("page", None)
        for name, value in changes.items():
            query.pop(name, None)
            if isinstance(value, list):
                query.setlist(name, value)
            elif value is not None:
                query[name] = str(value)
        text = query.urlencode()
        return f"?{text}" if text else self.request.path

    def state(self) -> ListState:
        page = self.table.page
        columns = self._columns()
        return ListState(
            count=self.count,
            first=page.start_index(),
            last=page.end_index(),
            noun=ngettext(str(self.noun[0]), str(self.noun[1]), self.count),
            columns=columns,
            shown=1 + len(self.table.fixed) + sum(c.chosen for c in columns),
            sizes=[
                Choice(str(size), self.url(size=size), str(size), chosen=size == self.size) for size in SIZES
            ],
            formats=[Choice(kind.upper(), self.url(export=kind)) for kind in self.formats],
            previous_url=self.url(page=page.previous_page_number()) if page.has_previous() else "",
            next_url=self.url(page=page.next_page_number()) if page.has_next() else "",
            clear_url=self.request.path,
            bulk=self.allowed_bulk,
            keep=self._parameters(lambda name: name in {"sort", "size", "cols"}),
            keep_filters=self._parameters(lambda name: name not in {"cols", "page", "export"}),
            filtered=self._filters_in_use(),
        )

    def _parameters(self, wanted: Callable[[str], bool]) -> list[tuple[str, str]]:
        return [(k, v) for k, values in self.request.GET.lists() if wanted(k) for v in values if v]

    def _filters_in_use(self) -> int:
        names = [n for n in self.filter.form.fields if n != "q"] if self.filter is not None else []
        return sum(bool(self.request.GET.get(name)) for name in names)

    def _columns(self) -> list[Choice]:
        shown = set(self.table.columns.names()) & {column.name for column in self.table.columns.itervisible()}
        return [
            Choice(str(self.table.columns[name].header), "", name, chosen=name in shown)
            for name in self._switchable(self.table)
        ]


def name_empty_choices(form: BaseForm) -> None:
    """A choice that filters nothing is called "Any", unless its filter names it otherwise."""
    for field in form.fields.values():
        if isinstance(field, ModelChoiceField):
            if field.empty_label == EMPTY_LABEL:
                field.empty_label = _("Any")
                field.widget.choices = field.choices
        elif isinstance(field, ChoiceField | NullBooleanField):
            field.widget.choices = [_named(*choice) for choice in field.widget.choices]


def _named(value: Any, word: Any) -> tuple[Any, Any]:
    nothing = word == EMPTY_LABEL or value == "unknown"
    return (value, _("Any")) if nothing else (value, word)
