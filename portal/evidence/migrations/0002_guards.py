"""What the database itself does for evidence: keep bytes and claims as they were, and keep what is held."""

from django.db import migrations

from portal.evidence.guards import guard_held

HELD = r"""
-- Whether a hold in force names this row, or the system it stands on.
CREATE FUNCTION evidence_held(app text, model_name text, key bigint, system_key bigint) RETURNS text
LANGUAGE sql STABLE
AS $$
    SELECT hold.matter
    FROM evidence_helditem item
    JOIN evidence_legalhold hold ON hold.id = item.hold_id AND hold.released_at IS NULL
    JOIN django_content_type kind ON kind.id = item.subject_type_id
    WHERE (kind.app_label = app AND kind.model = model_name AND item.subject_id = key)
       OR (kind.app_label = 'registry' AND kind.model = 'system' AND item.subject_id = system_key)
    LIMIT 1
$$;

-- Refuses to delete a row under a hold. Arguments: app label, model name, column of the system or none.
CREATE FUNCTION evidence_keep_held() RETURNS trigger
LANGUAGE plpgsql
AS $$
DECLARE
    matter text;
    fields jsonb := to_jsonb(OLD);
BEGIN
    -- A hold being placed and a deletion exclude each other.
    PERFORM pg_advisory_xact_lock_shared(hashtext('evidence.hold'));
    matter := evidence_held(
        TG_ARGV[0], TG_ARGV[1], (fields ->> 'id')::bigint, (fields ->> nullif(TG_ARGV[2], ''))::bigint);
    IF matter IS NOT NULL THEN
        RAISE EXCEPTION '% % is under the legal hold "%"', TG_ARGV[1], fields ->> 'id', matter
            USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN OLD;
END
$$;

CREATE FUNCTION evidence_lock_holds() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    PERFORM pg_advisory_xact_lock(hashtext('evidence.hold'));
    RETURN NEW;
END
$$;

CREATE TRIGGER evidence_hold_excludes_deletion BEFORE INSERT ON evidence_helditem
    FOR EACH ROW EXECUTE FUNCTION evidence_lock_holds();

CREATE FUNCTION evidence_refuse() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION '%: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END
$$;
"""

KEEP = r"""
-- A hold and what it names stay on record; releasing is the only change, and it is made once.
CREATE TRIGGER evidence_keep_rows BEFORE DELETE ON evidence_legalhold
    FOR EACH ROW EXECUTE FUNCTION evidence_refuse();
CREATE TRIGGER evidence_keep_released BEFORE UPDATE ON evidence_legalhold
    FOR EACH ROW WHEN (OLD.released_at IS NOT NULL OR (OLD.matter, OLD.reason, OLD.placed_by_id, OLD.placed_at)
        IS DISTINCT FROM (NEW.matter, NEW.reason, NEW.placed_by_id, NEW.placed_at))
    EXECUTE FUNCTION evidence_refuse();
CREATE TRIGGER evidence_keep_rows BEFORE UPDATE OR DELETE ON evidence_helditem
    FOR EACH ROW EXECUTE FUNCTION evidence_refuse();

-- Bytes are what their digest says, and their row stays when they go.
CREATE TRIGGER evidence_keep_rows BEFORE DELETE ON evidence_blob
    FOR EACH ROW EXECUTE FUNCTION evidence_refuse();
CREATE TRIGGER evidence_keep_digest BEFORE UPDATE ON evidence_blob
    FOR EACH ROW WHEN ((OLD.sha256, OLD.size) IS DISTINCT FROM (NEW.sha256, NEW.size))
    EXECUTE FUNCTION evidence_refuse();

-- What a file proves is said once; to say something else, add other evidence.
CREATE TRIGGER evidence_keep_claim BEFORE UPDATE ON evidence_evidence
    FOR EACH ROW WHEN (
        (OLD.blob_id, OLD.claim, OLD.kind, OLD.system_id, OLD.subject_type_id, OLD.subject_id, OLD.added_by_id,
         OLD.added_at)
        IS DISTINCT FROM
        (NEW.blob_id, NEW.claim, NEW.kind, NEW.system_id, NEW.subject_type_id, NEW.subject_id, NEW.added_by_id,
         NEW.added_at))
    EXECUTE FUNCTION evidence_refuse();
""" + "\n".join(
    f"""
CREATE TRIGGER evidence_keep_table BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION evidence_refuse();
"""
    for table in ("evidence_legalhold", "evidence_helditem", "evidence_blob", "evidence_evidence")
)


class Migration(migrations.Migration):
    dependencies = [("evidence", "0001_initial")]

    operations = [
        migrations.RunSQL(HELD, migrations.RunSQL.noop),
        migrations.RunSQL(KEEP, migrations.RunSQL.noop),
        guard_held("evidence.Evidence", system_column="system_id"),
    ]
