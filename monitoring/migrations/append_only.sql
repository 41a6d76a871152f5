-- The application adds raw predictions and outcomes, and reads them; changing and removing is their owner's.

-- Take from every role but the owner what is not to be done with a table. Named roles, whatever they are called.
CREATE FUNCTION monitoring_take_away(tables regclass[], rights text) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, public AS $$
DECLARE
    held record;
BEGIN
    FOR held IN
        SELECT DISTINCT class.oid::regclass AS name, role.rolname
        FROM pg_class class
        CROSS JOIN LATERAL aclexplode(class.relacl) AS acl
        JOIN pg_roles role ON role.oid = acl.grantee
        WHERE class.oid = ANY (tables) AND acl.grantee <> class.relowner
    LOOP
        EXECUTE format('REVOKE %s ON %s FROM %I', rights, held.name, held.rolname);
    END LOOP;
END $$;
REVOKE ALL ON FUNCTION monitoring_take_away(regclass[], text) FROM PUBLIC;

-- A partition is reached through its parent, whose rights decide; by its own name it is not reached at all.
SELECT monitoring_take_away(array_agg(inhrelid::regclass), 'ALL') FROM pg_inherits
WHERE inhparent IN ('monitoring_prediction'::regclass, 'monitoring_prediction_index'::regclass,
                    'monitoring_outcome'::regclass);
SELECT monitoring_take_away(
    ARRAY['monitoring_prediction', 'monitoring_prediction_index', 'monitoring_outcome']::regclass[],
    'UPDATE, DELETE, TRUNCATE');
-- What waits may go on: an outcome to its prediction, features into their file. It stays as it came.
SELECT monitoring_take_away(
    ARRAY['monitoring_parked_outcome', 'monitoring_pending_features']::regclass[], 'UPDATE, TRUNCATE');

CREATE OR REPLACE FUNCTION monitoring_ensure_month(instant timestamptz) RETURNS void
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, public AS $$
DECLARE
    month timestamptz := date_trunc('month', instant, 'UTC');
    parent text;
    child text;
BEGIN
    FOREACH parent IN ARRAY ARRAY['monitoring_prediction', 'monitoring_outcome'] LOOP
        child := format('%s_%s', parent, to_char(month AT TIME ZONE 'UTC', 'YYYYMM'));
        CONTINUE WHEN to_regclass('public.' || child) IS NOT NULL;
        PERFORM pg_advisory_xact_lock(hashtext(child));
        CONTINUE WHEN to_regclass('public.' || child) IS NOT NULL;
        -- Attached afterwards, so that readers of the parent are not locked out.
        EXECUTE format('CREATE TABLE public.%I (LIKE public.%I INCLUDING DEFAULTS INCLUDING CONSTRAINTS
                        INCLUDING INDEXES)', child, parent);
        PERFORM public.monitoring_take_away(ARRAY[format('public.%I', child)::regclass], 'ALL');
        EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
                       parent, child, month, month + interval '1 month');
    END LOOP;
END $$;
