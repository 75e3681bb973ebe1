-- The tables of hits, browser timings and events, as the clickhouse storage creates them by itself.
-- For those who create them on their own ('create': False), in a database of their choice.
-- A record is known by its id: what was written twice is one row after a merge, and in "FROM hits FINAL".
-- TTL needs ClickHouse 19.6; leave it out on older servers.

CREATE DATABASE IF NOT EXISTS `metrics`;

CREATE TABLE IF NOT EXISTS `metrics`.`hits`
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
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (time, id)
TTL time + toIntervalDay(30);

CREATE TABLE IF NOT EXISTS `metrics`.`timings`
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
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (time, id)
TTL time + toIntervalDay(30);

CREATE TABLE IF NOT EXISTS `metrics`.`events`
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
ENGINE = ReplacingMergeTree
PARTITION BY toYYYYMM(time)
ORDER BY (time, id)
TTL time + toIntervalDay(30);
