"""For migrations of any area: rows of a table cannot be deleted past a legal hold."""

from __future__ import annotations

from django.db.migrations import RunSQL


def guard_held(model: str, *, system_column: str = "") -> RunSQL:
    """A trigger on the table of ``model`` (``app.Model``) that refuses to delete a row under a hold.

    ``system_column`` names the column of the system: a hold on the system then holds the row as well. The
    migration depends on ``("evidence", "0002_guards")``.
    """
    app, _, name = model.lower().partition(".")
    table = f"{app}_{name}"
    create = f"""
        CREATE TRIGGER evidence_keep_held BEFORE DELETE ON {table}
            FOR EACH ROW EXECUTE FUNCTION evidence_keep_held('{app}', '{name}', '{system_column}');
    """
    return RunSQL(create, f"DROP TRIGGER evidence_keep_held ON {table};")
