"""How a version stands at each check, on its page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from portal.accounts.models import User
from portal.areas import EVERYONE, Panel, declared
from portal.checks.pages import page_of
from portal.checks.selectors import newest_for
from portal.checks.words import days_of
from portal.registry.models import ModelVersion
from portal.rights import may


def of_version(user: User, version: ModelVersion) -> Mapping[str, Any] | None:
    """The newest evaluation of each check of a version; nothing where none has run."""
    if not may(user, "checks.read"):
        return None
    checks = {check.slug: check for check in declared("checks")}
    newest = newest_for(user).of(version).order_by("check_slug")
    rows = [
        (
            checks[each.check_slug],
            each,
            days_of(each.window),
            page_of(checks[each.check_slug], version) or each.get_absolute_url(),
        )
        for each in newest
        if each.check_slug in checks
    ]
    return {"rows": rows} if rows else None


VERSION_CHECKS = Panel(
    "version-checks", homes=EVERYONE, template="checks/panels/of_version.html", context=of_version, order=30
)
