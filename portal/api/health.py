"""For machines that watch machines: is it alive, is it ready, which version.

Ready means: the database answers and its tables are those of this code. Packages above add facts, such
as how long the audit has waited to be sealed, through ``PORTAL_READINESS``: dotted names of functions
without parameters that return a mapping. A fact is told, it never makes the portal unready.
"""

from __future__ import annotations

import logging
from typing import Any

from django.conf import settings
from django.db import DatabaseError, connection
from django.db.migrations.executor import MigrationExecutor
from django.http import HttpRequest, JsonResponse
from django.utils.module_loading import import_string
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from portal.rights import PUBLIC

logger = logging.getLogger("portal.api")

_state = {"migrated": False}
"""Tables that fit this code once keep fitting it, so that the costly question is asked until yes."""


@never_cache
@require_safe
def live(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 - a view's signature
    """The process answers. Asks nobody else."""
    return JsonResponse({"status": "live"})


@never_cache
@require_safe
def ready(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 - a view's signature
    """200 when requests can be served, 503 when not, and why."""
    checks = {"database": _database(), "migrations": "unknown"}
    if checks["database"] == "ok":
        checks["migrations"] = _migrations()
    is_ready = all(answer == "ok" for answer in checks.values())
    told = facts() if is_ready else {}
    body = {"status": "ready" if is_ready else "not ready", "checks": checks, "facts": told}
    return JsonResponse(body, status=200 if is_ready else 503)


@require_safe
def version(request: HttpRequest) -> JsonResponse:  # noqa: ARG001 - a view's signature
    return JsonResponse({"version": settings.PORTAL_VERSION})


live.does = ready.does = version.does = PUBLIC  # type: ignore[attr-defined]  # a view carries its action


def facts() -> dict[str, Any]:
    """What the packages above tell; null where one of them failed to."""
    told: dict[str, Any] = {}
    for name in settings.PORTAL_READINESS:
        try:
            told.update(import_string(name)())
        except Exception:  # whatever it is, the portal serves requests
            logger.exception("readiness fact %s failed", name)
            told[name.rpartition(".")[2]] = None
    return told


def _database() -> str:
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        logger.exception("the database does not answer")
        return "does not answer"
    return "ok"


def _migrations() -> str:
    if not _state["migrated"]:
        executor = MigrationExecutor(connection)
        missing = executor.migration_plan(executor.loader.graph.leaf_nodes())
        if missing:
            return f"{len(missing)} not applied"
        _state["migrated"] = True
    return "ok"
