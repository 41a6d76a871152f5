"""A small set of line icons, drawn here on a field of 16 by 16. Decorative unless they carry a label."""

from __future__ import annotations

from django.utils.html import format_html
from django.utils.safestring import SafeString, mark_safe

ICONS: dict[str, str] = {
    "arrow-down": '<path d="M8 3v10M4 9l4 4 4-4"/>',
    "arrow-right": '<path d="M3 8h10M9 4l4 4-4 4"/>',
    "arrow-up": '<path d="M8 13V3M4 7l4-4 4 4"/>',
    "bell": '<path d="M4 11V7a4 4 0 0 1 8 0v4l1 1.5H3zM6.6 14.5h2.8"/>',
    "calendar": '<path d="M2.5 4h11v9.5h-11zM2.5 7h11M5.5 2v3M10.5 2v3"/>',
    "check": '<path d="M3 8.5 6.5 12 13 4.5"/>',
    "chevron-down": '<path d="M4 6l4 4 4-4"/>',
    "chevron-right": '<path d="M6 4l4 4-4 4"/>',
    "clock": '<circle cx="8" cy="8" r="6"/><path d="M8 4.5V8l2.5 1.5"/>',
    "close": '<path d="M4 4l8 8M12 4l-8 8"/>',
    "copy": '<path d="M5.5 5.5h8v8h-8zM10.5 5.5v-3h-8v8h3"/>',
    "download": '<path d="M8 2v8M4.5 7 8 10.5 11.5 7M2.5 13.5h11"/>',
    "edit": '<path d="M3 13l.7-3L11 2.7l2.3 2.3L6 12.3z"/>',
    "external": '<path d="M6.5 3H3v10h10V9.5M9 2.5h4.5V7M13.5 2.5 7.5 8.5"/>',
    "file": '<path d="M4 1.5h5.5L12.5 4.5v10h-8.5zM9 1.5V5h3.5"/>',
    "filter": '<path d="M2 3h12L9.5 8.5V13l-3-1.5v-3z"/>',
    "info": '<circle cx="8" cy="8" r="6"/><path d="M8 7.5V11M8 5v.01"/>',
    "link": '<path d="m6.5 9.5 3-3M7 4 8 3A3 3 0 0 1 13 8L12 9M9 12 8 13A3 3 0 0 1 3 8L4 7"/>',
    "lock": '<path d="M3.5 7h9v6.5h-9zM5.5 7V5a2.5 2.5 0 0 1 5 0v2"/>',
    "menu": '<path d="M2.5 4h11M2.5 8h11M2.5 12h11"/>',
    "minus": '<path d="M3 8h10"/>',
    "person": '<circle cx="8" cy="5" r="2.7"/><path d="M3 14c.4-3 2.3-4.5 5-4.5s4.6 1.5 5 4.5"/>',
    "plus": '<path d="M8 3v10M3 8h10"/>',
    "refresh": '<path d="M13 8a5 5 0 1 1-1.5-3.6M13 2v3h-3"/>',
    "search": '<circle cx="7" cy="7" r="4.5"/><path d="M10.5 10.5 14 14"/>',
    "settings": '<circle cx="8" cy="8" r="2.2"/><path d="M8 1.5v2M8 12.5v2M1.5 8h2M12.5 8h2M3.4 3.4l1.4 1.4'
    'M11.2 11.2l1.4 1.4M12.6 3.4l-1.4 1.4M4.8 11.2l-1.4 1.4"/>',
    "shield": '<path d="M8 1.5 13 3.5V8c0 3-2 5.3-5 6.5C5 13.3 3 11 3 8V3.5z"/>',
}


def icon(name: str, label: str = "") -> SafeString:
    """The icon as SVG in the colour of the text. Raises KeyError for a name that is not drawn."""
    drawn = mark_safe(ICONS[name])  # noqa: S308 - constants above
    role = format_html('role="img" aria-label="{}"', label) if label else mark_safe('aria-hidden="true"')
    return format_html('<svg class="icon" viewBox="0 0 16 16" {}>{}</svg>', role, drawn)
