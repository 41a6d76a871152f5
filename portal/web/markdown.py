"""Markdown that people wrote, as HTML that is safe to show."""

from __future__ import annotations

from functools import cache

import nh3
from django.utils.safestring import SafeString, mark_safe
from markdown_it import MarkdownIt

TAGS = {"h2", "h3", "h4", "p", "ul", "ol", "li", "strong", "em", "code", "pre", "blockquote", "a", "hr", "br",
        "table", "thead", "tbody", "tr", "th", "td"}  # fmt: skip


def as_html(text: str) -> SafeString:
    r"""The text as HTML without scripts, styles, images or raw tags; its headings begin at the second level.

    >>> as_html("# One <b>two</b>")
    '<h2>One &lt;b&gt;two&lt;/b&gt;</h2>\n'
    """
    drawn = _parser().render(text)
    for level in (3, 2, 1):
        drawn = drawn.replace(f"<h{level}>", f"<h{level + 1}>").replace(f"</h{level}>", f"</h{level + 1}>")
    clean = nh3.clean(drawn, tags=TAGS, attributes={"a": {"href"}}, url_schemes={"http", "https", "mailto"})
    return mark_safe(clean)  # noqa: S308 - cleaned above


@cache
def _parser() -> MarkdownIt:
    return MarkdownIt("commonmark", {"html": False}).enable("table")
