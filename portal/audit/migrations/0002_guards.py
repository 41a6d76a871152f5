"""What the database itself does for the audit: derive, stamp, hash, remember as pending, and refuse changes."""

from django.db import migrations

STAMP = r"""
-- The text that is hashed: body, number and recording time in one canonical JSON object.
CREATE OR REPLACE FUNCTION audit_text(number bigint, recorded_at timestamptz, body text) RETURNS text
LANGUAGE sql STABLE PARALLEL SAFE
AS $$
    SELECT '{"body":' || body || ',"id":' || number || ',"recorded_at":"'
        || to_char(recorded_at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"') || '"}'
$$;

CREATE OR REPLACE FUNCTION audit_stamp() RETURNS trigger
LANGUAGE plpgsql SECURITY DEFINER SET search_path = public, pg_temp
AS $$
DECLARE
    told jsonb := NEW.body::jsonb;
BEGIN
    NEW.recorded_at := clock_timestamp();
    NEW.happened_at := coalesce((told ->> 'happened_at')::timestamptz, NEW.recorded_at);
    NEW.actor_id := (told ->> 'actor')::bigint;
    NEW.via := told ->> 'via';
    NEW.action := told ->> 'action';
    NEW.denied := (told ->> 'denied')::boolean;
    NEW.object_type := told ->> 'object_type';
    NEW.object_id := told ->> 'object_id';
    NEW.label := told ->> 'label';
    NEW.system_id := (told ->> 'system')::bigint;
    NEW.unit_id := (told ->> 'unit')::bigint;
    NEW.effect := told ->> 'effect';
    NEW.reason := told ->> 'reason';
    NEW.request_id := told ->> 'request_id';
    -- RFC 6962: a leaf starts with 0x00, an inner node with 0x01, so that neither passes for the other.
    NEW.leaf := sha256('\x00'::bytea || convert_to(audit_text(NEW.id, NEW.recorded_at, NEW.body), 'UTF8'));
    INSERT INTO audit_pending (entry_id) VALUES (NEW.id) ON CONFLICT DO NOTHING;
    RETURN NEW;
END
$$;

CREATE OR REPLACE TRIGGER audit_stamp BEFORE INSERT ON audit_entry
    FOR EACH ROW EXECUTE FUNCTION audit_stamp();

-- Numbers come from the sequence only.
ALTER TABLE audit_entry ALTER COLUMN id SET GENERATED ALWAYS;
"""

APPEND_ONLY = ("audit_entry", "audit_seal", "audit_position", "audit_sealkey")

REFUSE = r"""
CREATE OR REPLACE FUNCTION audit_refuse() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    RAISE EXCEPTION '% is append-only: % is refused', TG_TABLE_NAME, TG_OP USING ERRCODE = 'restrict_violation';
END
$$;
""" + "\n".join(
    f"""
CREATE OR REPLACE TRIGGER audit_keep_rows BEFORE UPDATE OR DELETE ON {table}
    FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE OR REPLACE TRIGGER audit_keep_table BEFORE TRUNCATE ON {table}
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
ALTER TABLE {table} ENABLE ALWAYS TRIGGER audit_keep_rows;
ALTER TABLE {table} ENABLE ALWAYS TRIGGER audit_keep_table;
"""
    for table in APPEND_ONLY
) + """
-- A personal value may be erased, never replaced.
CREATE OR REPLACE TRIGGER audit_keep_rows BEFORE UPDATE ON audit_personalvalue
    FOR EACH ROW EXECUTE FUNCTION audit_refuse();
CREATE OR REPLACE TRIGGER audit_keep_table BEFORE TRUNCATE ON audit_personalvalue
    FOR EACH STATEMENT EXECUTE FUNCTION audit_refuse();
ALTER TABLE audit_personalvalue ENABLE ALWAYS TRIGGER audit_keep_rows;
ALTER TABLE audit_personalvalue ENABLE ALWAYS TRIGGER audit_keep_table;
"""

RIGHTS = f"""
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'portal_app') THEN
        REVOKE ALL ON {", ".join(APPEND_ONLY)}, audit_personalvalue, audit_pending FROM portal_app;
        GRANT SELECT, INSERT ON {", ".join(APPEND_ONLY)}, audit_personalvalue TO portal_app;
        GRANT DELETE ON audit_personalvalue TO portal_app;
        GRANT SELECT, DELETE ON audit_pending TO portal_app;
    END IF;
END
$$;
"""


class Migration(migrations.Migration):
    dependencies = [("audit", "0001_initial")]

    operations = [
        migrations.RunSQL(STAMP, migrations.RunSQL.noop),
        migrations.RunSQL(REFUSE, migrations.RunSQL.noop),
        migrations.RunSQL(RIGHTS, migrations.RunSQL.noop),
    ]
