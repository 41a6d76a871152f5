"""Tables of lists: one base class, and columns that write numbers, days and statuses as all else does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, ClassVar

import django_tables2 as tables
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext as _
from django_tables2.utils import Accessor

from portal.web import figures, status
from portal.web.templatetags import components

LONG_NAME = 36
"""From this many letters on a name may be cut at the end of a line."""


class NameColumn(tables.Column):  # type: ignore[misc] # an untyped package
    """What the row is: stands first, in the colour of text, uncut. ``under`` is a second, muted line."""

    def __init__(self, *args: Any, under: str = "", **extra: Any) -> None:
        extra.setdefault("attrs", {"td": {"class": "name"}})
        super().__init__(*args, **extra)
        self.under = Accessor(under) if under else None

    def render(self, value: Any, record: Any) -> SafeString | str:
        name: SafeString | str = str(value)
        if len(name) > LONG_NAME:
            name = format_html('<span class="long">{}</span>', name)
        second = self.under.resolve(record, quiet=True) if self.under is not None else None
        return format_html('{}<span class="sub">{}</span>', name, second) if second else name

    def value(self, value: Any) -> Any:
        return value


class NumberColumn(tables.Column):  # type: ignore[misc] # an untyped package
    """A number with its unit: "%" takes a rate. Right-aligned, tabular."""

    def __init__(self, *args: Any, unit: str = "", places: int | None = None, **extra: Any) -> None:
        extra.setdefault("attrs", {"td": {"class": "num value"}, "th": {"class": "num"}})
        super().__init__(*args, **extra)
        self.unit, self.places = unit, places

    def render(self, value: Any) -> str:
        return figures.quantity(value, self.unit, self.places)

    def value(self, value: Any) -> Any:
        return value


class MoneyColumn(tables.Column):  # type: ignore[misc] # an untyped package
    """An amount; ``currency`` is an ISO code or the accessor of one."""

    def __init__(self, *args: Any, currency: str, places: int | None = None, **extra: Any) -> None:
        extra.setdefault("attrs", {"td": {"class": "num value"}, "th": {"class": "num"}})
        super().__init__(*args, **extra)
        self.currency, self.places = currency, places

    def render(self, value: Any, record: Any) -> str:
        fixed = figures.is_currency(self.currency)
        code = self.currency if fixed else str(Accessor(self.currency).resolve(record))
        return figures.money(value, code, self.places)

    def value(self, value: Any) -> Any:
        return value


class PillColumn(tables.Column):  # type: ignore[misc] # an untyped package
    """A status. The value is a declared state, a ``(tone, word)``, or a key of ``words``.

    It is read from the row itself: the library would hand over the label of a field with choices.
    """

    def __init__(self, *args: Any, words: Mapping[Any, tuple[str, Any]] | None = None, **extra: Any) -> None:
        super().__init__(*args, **extra)
        self.words = words

    def tone_and_word(self, value: Any) -> tuple[str, Any]:
        if isinstance(value, tuple):
            return value[0], value[1]
        return self.words[value] if self.words is not None else status.words_of(value)

    def render(self, record: Any, bound_column: Any) -> SafeString:
        return status.pill(*self.tone_and_word(bound_column.accessor.resolve(record)))

    def value(self, record: Any, bound_column: Any) -> str:
        return str(self.tone_and_word(bound_column.accessor.resolve(record))[1])


class WhenColumn(tables.Column):  # type: ignore[misc] # an untyped package
    """A day or a moment; ``style`` as in ``{% when %}``: "day", "ago", "hour" or all of it."""

    def __init__(self, *args: Any, style: str = "day", **extra: Any) -> None:
        extra.setdefault("attrs", {"td": {"class": "nobreak"}})
        super().__init__(*args, **extra)
        self.style = style

    def render(self, value: Any) -> SafeString | str:
        return components.when(value, self.style)

    def value(self, value: Any) -> Any:
        return value


class PersonColumn(tables.Column):  # type: ignore[misc] # an untyped package
    """A person, as "K. Lin", on one line."""

    def render(self, value: Any) -> str:
        return figures.unbroken(str(value))


class SelectColumn(tables.CheckBoxColumn):  # type: ignore[misc] # an untyped package
    """The box that picks a row for a bulk action."""

    def __init__(self) -> None:
        super().__init__(accessor="pk", orderable=False, attrs={"td": {"data-print": "no"}})

    @property
    def header(self) -> SafeString:
        name = _("Select all rows on this page")
        return format_html('<input type="checkbox" class="pick-all" aria-label="{}">', name)

    def render(self, value: Any, bound_column: Any, record: Any) -> SafeString:  # noqa: ARG002 - the library's signature
        name = _("Select %(name)s") % {"name": record}
        return format_html(
            '<input type="checkbox" class="pick-row" name="row" value="{}" aria-label="{}">', value, name
        )


class PortalTable(tables.Table):  # type: ignore[misc] # an untyped package
    """The base of every list table.

    ``phone`` names up to four columns that make the two lines of a row on a phone: left and right of the
    first, left and right of the second. ``row_url`` is where Enter goes; it defaults to the row's own
    address.
    """

    phone: ClassVar[tuple[str, ...]] = ()
    fixed: ClassVar[tuple[str, ...]] = ()
    """Columns that cannot be switched off; the first column never can."""
    row_url: ClassVar[Callable[[Any], str] | None] = None

    def __init__(self, *args: Any, **extra: Any) -> None:
        extra.setdefault("order_by_field", "sort")
        extra.setdefault("template_name", "components/table.html")
        extra.setdefault("default", figures.MISSING)
        super().__init__(*args, **extra)

    def phone_class(self, name: str) -> str:
        """The place of a column on a phone: p1 to p4, or nothing."""
        return f"p{self.phone.index(name) + 1}" if name in self.phone else ""
