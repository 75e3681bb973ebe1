-- Hits in PostgreSQL, a partition for each day: old days go at once, without a DELETE.
--
-- For PostgreSQL 13 and later. After `manage.py migrate`, with collectors stopped (hits wait in Redis):
--
--   psql --set ON_ERROR_STOP=1 --file hits_partitions.sql DATABASE
--
-- Then, in the settings, WT_RETENTION_DAYS = 0 if events and timings are to stay too; otherwise leave it:
-- deleting finds nothing in hits that are gone already. And once a day, by cron or pg_cron:
--
--   SELECT metrics_hits_make_partitions(current_date, 14);         -- days ahead
--   SELECT metrics_hits_drop_partitions(current_date - 30);        -- what is older goes
--
-- The key. PostgreSQL wants the column of the partitions in every key of the table, so the primary key
-- becomes (id, time) in place of (id). A hit that is delivered twice has the same id and the same time both
-- times, so the second one is still found to be there: the storage writes with COPY, and where PostgreSQL
-- then names a key that is there, with INSERT ... ON CONFLICT DO NOTHING, which names no columns and so
-- takes whatever key the table has. Two hits with one id and different times would both be kept; no site
-- makes such.
--
-- A hit of a day that has no partition goes to metrics_hits_hit_default. As long as days are made ahead,
-- that is only what comes with a wrong clock. Making a partition fails when the default one has rows of
-- that day: metrics_hits_make_partitions moves them.
--
-- The hits of before stay: their table becomes the partition for all time up to the end of today (UTC), and
-- goes as a whole when all of it is old enough. Attaching it reads it once.
--
-- A later migration of this package that adds a column or an index works on this table as on a plain one.

BEGIN;

LOCK TABLE metrics_hits_hit IN ACCESS EXCLUSIVE MODE;
SET LOCAL TIME ZONE 'UTC';

ALTER TABLE metrics_hits_hit RENAME TO metrics_hits_hit_before;
ALTER TABLE metrics_hits_hit_before DROP CONSTRAINT metrics_hits_hit_pkey;

CREATE TABLE metrics_hits_hit (LIKE metrics_hits_hit_before INCLUDING DEFAULTS INCLUDING CONSTRAINTS)
    PARTITION BY RANGE (time);
ALTER TABLE metrics_hits_hit ADD CONSTRAINT metrics_hits_hit_pkey PRIMARY KEY (id, time);

-- The indexes of the migrations, under their names, for all partitions; those of the old table join them.
DO $$
DECLARE
    found record;
BEGIN
    FOR found IN
        SELECT indexname AS name, indexdef AS definition FROM pg_indexes
        WHERE schemaname = current_schema() AND tablename = 'metrics_hits_hit_before'
    LOOP
        EXECUTE format('ALTER INDEX %I RENAME TO %I', found.name, left(found.name, 55) || '_before');
        EXECUTE replace(found.definition, 'metrics_hits_hit_before', 'metrics_hits_hit');
    END LOOP;
END
$$;

CREATE TABLE metrics_hits_hit_default PARTITION OF metrics_hits_hit DEFAULT;

-- Makes the partitions of so many days from the first on; those that are there already stay as they are.
CREATE OR REPLACE FUNCTION metrics_hits_make_partitions(first date, days integer) RETURNS integer
LANGUAGE plpgsql SET timezone = 'UTC' AS $$
DECLARE
    day date;
    name text;
    made integer := 0;
BEGIN
    FOR day IN SELECT first + number FROM generate_series(0, days - 1) AS number LOOP
        name := 'metrics_hits_hit_' || to_char(day, 'YYYYMMDD');
        -- The old table has what came until the end of the day on which this file was run.
        CONTINUE WHEN to_regclass(name) IS NOT NULL OR day < (
            SELECT coalesce(max(obj_description(oid, 'pg_class')::date), '-infinity'::date) FROM pg_class
            WHERE oid = to_regclass('metrics_hits_hit_before')
        );
        EXECUTE format('CREATE TABLE %I (LIKE metrics_hits_hit INCLUDING ALL)', name);
        EXECUTE format(
            'WITH strays AS (DELETE FROM metrics_hits_hit_default '
            'WHERE time >= %L AND time < %L RETURNING *) INSERT INTO %I SELECT * FROM strays',
            day::timestamptz, (day + 1)::timestamptz, name
        );
        EXECUTE format(
            'ALTER TABLE metrics_hits_hit ATTACH PARTITION %I FOR VALUES FROM (%L) TO (%L)',
            name, day::timestamptz, (day + 1)::timestamptz
        );
        made := made + 1;
    END LOOP;
    RETURN made;
END
$$;

-- Drops the partitions whose last day is before that one, and returns how many there were.
CREATE OR REPLACE FUNCTION metrics_hits_drop_partitions(before date) RETURNS integer
LANGUAGE plpgsql SET timezone = 'UTC' AS $$
DECLARE
    found record;
    dropped integer := 0;
BEGIN
    FOR found IN
        SELECT relname AS name FROM pg_class JOIN pg_inherits ON pg_class.oid = inhrelid
        WHERE inhparent = 'metrics_hits_hit'::regclass AND (
            relname ~ '^metrics_hits_hit_[0-9]{8}$' AND to_date(right(relname, 8), 'YYYYMMDD') < before
            OR relname = 'metrics_hits_hit_before' AND obj_description(pg_class.oid, 'pg_class')::date <= before
        )
    LOOP
        EXECUTE format('DROP TABLE %I', found.name);
        dropped := dropped + 1;
    END LOOP;
    RETURN dropped;
END
$$;

-- The table of before, up to the end of today; its comment says when that is, for the functions above.
DO $$
DECLARE
    tomorrow date := current_date + 1;
BEGIN
    WITH late AS (DELETE FROM metrics_hits_hit_before WHERE time >= tomorrow::timestamptz RETURNING *)
        INSERT INTO metrics_hits_hit SELECT * FROM late;
    EXECUTE format('COMMENT ON TABLE metrics_hits_hit_before IS %L', tomorrow);
    EXECUTE format(
        'ALTER TABLE metrics_hits_hit ATTACH PARTITION metrics_hits_hit_before '
        'FOR VALUES FROM (MINVALUE) TO (%L)', tomorrow::timestamptz
    );
END
$$;

SELECT metrics_hits_make_partitions(current_date, 14);

COMMIT;
