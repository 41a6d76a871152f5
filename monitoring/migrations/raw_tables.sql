-- Raw rows, by month of the event. Owned by portal_owner; the application inserts and reads, no more.

CREATE TABLE monitoring_prediction (
    version_id bigint NOT NULL,
    prediction_id text NOT NULL,
    event_time timestamptz NOT NULL,
    score double precision,
    label text,
    value double precision,
    route text,
    segment jsonb,
    batch_id bigint NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now()
) PARTITION BY RANGE (event_time);
CREATE INDEX monitoring_prediction_time ON monitoring_prediction USING brin (event_time);

-- Who is who: decides duplicate or conflict, and where an outcome joins.
CREATE TABLE monitoring_prediction_index (
    version_id bigint NOT NULL,
    prediction_id text NOT NULL,
    event_time timestamptz NOT NULL,
    digest bigint NOT NULL,
    PRIMARY KEY (version_id, prediction_id)
) PARTITION BY HASH (version_id, prediction_id);

DO $$ BEGIN
    FOR i IN 0..7 LOOP
        EXECUTE format('CREATE TABLE monitoring_prediction_index_%s PARTITION OF monitoring_prediction_index
                        FOR VALUES WITH (MODULUS 8, REMAINDER %s)', i, i);
    END LOOP;
END $$;

-- Outcomes are appended, corrections too: the highest number holds.
CREATE TABLE monitoring_outcome (
    version_id bigint NOT NULL,
    event_time timestamptz NOT NULL,
    prediction_id text NOT NULL,
    number smallint NOT NULL DEFAULT 1,
    outcome text NOT NULL,
    observed_at timestamptz NOT NULL,
    batch_id bigint NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (version_id, event_time, prediction_id, number)
) PARTITION BY RANGE (event_time);

-- Outcomes that came before their prediction.
CREATE TABLE monitoring_parked_outcome (
    version_id bigint NOT NULL,
    prediction_id text NOT NULL,
    outcome text NOT NULL,
    observed_at timestamptz NOT NULL,
    batch_id bigint NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (version_id, prediction_id, observed_at)
);

-- Features of rows that came one by one, until their day is sealed into a Parquet segment.
CREATE TABLE monitoring_pending_features (
    version_id bigint NOT NULL,
    prediction_id text NOT NULL,
    event_time timestamptz NOT NULL,
    features jsonb NOT NULL,
    batch_id bigint NOT NULL,
    PRIMARY KEY (version_id, prediction_id)
);
CREATE INDEX monitoring_pending_features_time ON monitoring_pending_features (version_id, event_time);

-- The restricted store. Rows are seen only where the transaction says it is the profile job or a break-glass.
CREATE TABLE monitoring_attribute (
    version_id bigint NOT NULL,
    prediction_id text NOT NULL,
    event_time timestamptz,
    attributes jsonb NOT NULL,
    batch_id bigint NOT NULL,
    received_at timestamptz NOT NULL DEFAULT now(),
    PRIMARY KEY (version_id, prediction_id)
);
CREATE INDEX monitoring_attribute_time ON monitoring_attribute (version_id, event_time);
ALTER TABLE monitoring_attribute ENABLE ROW LEVEL SECURITY;
ALTER TABLE monitoring_attribute FORCE ROW LEVEL SECURITY;
CREATE POLICY monitoring_attribute_purpose ON monitoring_attribute
    USING (current_setting('portal.purpose', true) IN ('profile', 'ingest', 'erasure'))
    WITH CHECK (current_setting('portal.purpose', true) IN ('ingest', 'erasure'));

-- Partitions for the month of an instant, made on demand for any month.
CREATE FUNCTION monitoring_ensure_month(instant timestamptz) RETURNS void
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
        EXECUTE format('ALTER TABLE public.%I ATTACH PARTITION public.%I FOR VALUES FROM (%L) TO (%L)',
                       parent, child, month, month + interval '1 month');
    END LOOP;
END $$;
