"""What the database itself does for analyses: what is accepted or set aside stays as it was, and none goes."""

from django.db import migrations

GUARD = r"""
CREATE FUNCTION analyses_keep() RETURNS trigger
LANGUAGE plpgsql
AS $$
BEGIN
    IF TG_OP = 'DELETE' THEN
        RAISE EXCEPTION 'an analysis is set aside, not deleted' USING ERRCODE = 'restrict_violation';
    END IF;
    IF OLD.state <> 'draft' THEN
        RAISE EXCEPTION 'ANL-% is % and stays as it is', OLD.id, OLD.state USING ERRCODE = 'restrict_violation';
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER analyses_keep BEFORE UPDATE OR DELETE ON analyses_analysis
    FOR EACH ROW EXECUTE FUNCTION analyses_keep();
"""


class Migration(migrations.Migration):
    dependencies = [("analyses", "0001_initial")]
    operations = [
        migrations.RunSQL(
            GUARD, "DROP TRIGGER analyses_keep ON analyses_analysis; DROP FUNCTION analyses_keep();"
        )
    ]
