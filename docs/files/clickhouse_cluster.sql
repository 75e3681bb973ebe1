-- The same tables on a cluster: each shard keeps its part of the rows on every replica (…_local), and the
-- tables that the storage writes to and queries read from are spread over them. A row's shard follows from its
-- id, so a record that is written twice meets itself, and "FROM hits FINAL" shows it once.
--
-- Needed: a cluster called "metrics" in remote_servers, with internal_replication, and ZooKeeper or Keeper;
-- macros "shard" and "replica" on each server. Run it on one server. In WT_DATABASES set 'database': 'metrics'
-- and 'create': False. The storage asks for insert_distributed_sync, so what it has been told is written is in
-- the shards.

CREATE DATABASE IF NOT EXISTS metrics ON CLUSTER metrics;

CREATE TABLE IF NOT EXISTS metrics.hits_local ON CLUSTER metrics
(
    `id` UUID,
    `time` DateTime('UTC'),
    `microsecond` UInt32,
    `site` String,
    `method` String,
    `path` String,
    `route` String,
    `module` String,
    `view` String,
    `status_code` UInt16,
    `reason_phrase` String,
    `request_time` Float64,
    `doc_size` UInt64,
    `num_queries` UInt64,
    `queries_time` Float64,
    `ip` String,
    `user_agent` String,
    `referer` String,
    `user` String,
    `is_authenticated` UInt8,
    `is_staff` UInt8,
    `is_superuser` UInt8,
    `os` String,
    `os_version` String,
    `browser` String,
    `browser_version` String,
    `device` String,
    `is_pc` UInt8,
    `is_mobile` UInt8,
    `is_tablet` UInt8,
    `is_touch` UInt8,
    `is_bot` UInt8,
    `latitude` Nullable(Float64),
    `longitude` Nullable(Float64),
    `postal_code` String,
    `country_code` String,
    `country_name` String,
    `region` String,
    `dma_code` String,
    `city` String
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/metrics/hits_local', '{replica}')
PARTITION BY toYYYYMM(time)
ORDER BY (time, id);

CREATE TABLE IF NOT EXISTS metrics.hits ON CLUSTER metrics AS metrics.hits_local
ENGINE = Distributed(metrics, metrics, hits_local, sipHash64(toString(id)));

CREATE TABLE IF NOT EXISTS metrics.timings_local ON CLUSTER metrics
(
    `id` UUID,
    `time` DateTime('UTC'),
    `microsecond` UInt32,
    `site` String,
    `client` String,
    `route` String,
    `device` String,
    `country` String,
    `connection` String,
    `navigation` String,
    `values.name` Array(String),
    `values.value` Array(Float64)
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/metrics/timings_local', '{replica}')
PARTITION BY toYYYYMM(time)
ORDER BY (time, id);

CREATE TABLE IF NOT EXISTS metrics.timings ON CLUSTER metrics AS metrics.timings_local
ENGINE = Distributed(metrics, metrics, timings_local, sipHash64(toString(id)));

CREATE TABLE IF NOT EXISTS metrics.events_local ON CLUSTER metrics
(
    `id` UUID,
    `time` DateTime('UTC'),
    `microsecond` UInt32,
    `site` String,
    `name` String,
    `event_class` String,
    `user` String,
    `scope` String,
    `groups` Array(String),
    `bucket` String,
    `notes` String,
    `data` String,
    `url` String,
    `admin_url` String,
    `model` String,
    `obj_pk` String,
    `method` String,
    `path` String,
    `ip` String
)
ENGINE = ReplicatedReplacingMergeTree('/clickhouse/tables/{shard}/metrics/events_local', '{replica}')
PARTITION BY toYYYYMM(time)
ORDER BY (time, id);

CREATE TABLE IF NOT EXISTS metrics.events ON CLUSTER metrics AS metrics.events_local
ENGINE = Distributed(metrics, metrics, events_local, sipHash64(toString(id)));

-- Rows go after thirty days. ClickHouse 19.6 and later.
ALTER TABLE metrics.hits_local ON CLUSTER metrics MODIFY TTL time + toIntervalDay(30);
ALTER TABLE metrics.timings_local ON CLUSTER metrics MODIFY TTL time + toIntervalDay(30);
ALTER TABLE metrics.events_local ON CLUSTER metrics MODIFY TTL time + toIntervalDay(30);
