"""``manage.py check`` names what is wrong with the settings of hits and events."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.core.checks import run_checks

from django_metrics_statsd.hits import checks
from django_metrics_statsd.hits.road import road
from django_metrics_statsd.hits.transports.address import read
from tests.hits.databases import database


def found() -> dict[str, str]:
    """What the checks say, by id."""
    return {
        str(message.id): f"{message.msg} {message.hint}" for check in checks.CHECKS for message in check()
    }


def test_a_site_without_any_settings_is_told_of_geoip_only() -> None:
    assert set(found()) == {"metrics_hits.W002"}


@pytest.mark.parametrize(
    ("name", "value", "words"),
    [
        ("WT_DATABASES", {"x": {}}, "has no 'type' in 'x'"),
        ("WT_DATABASES", "django", "must be a dictionary"),
        ("WT_DATABASES", {"a b": {"type": "django"}}, "storage called 'a b'"),
        ("WT_REDIS", {"addr": "localhost"}, "write 'host:port'"),
        ("WT_REDIS", {"url": "redis://h/0?decode_responses=1"}, "'decode_responses' in its url's query"),
        ("WT_REDIS", {"host": "a/b"}, "no name or address"),
        ("WT_REDIS", {"adr": "localhost:1"}, "has 'adr' in it; allowed are addr"),
        ("WT_REDIS", {"host": "h", "port": 70_000}, "no whole number from 1 to 65535"),
        ("WT_REDIS", {"url": "http://x"}, "redis://host:6379/0"),
        ("WT_REDIS", {"addr": "a:1", "host": "b"}, "both addr and host"),
        ("WT_REDIS", {"addr": "a:1", "cluster": 1}, "neither True nor False"),
        ("WT_EXCLUDE", "/x/", "must be a list of paths"),
        ("WT_EXCLUDE", ["^("], "no regular expression"),
        ("WT_SAMPLE", 2, "from 0 to 1"),
        ("WT_STOP", "no", "True, False or None"),
        ("WT_TRUSTED_PROXIES", ["proxy"], "no address or network"),
        ("WT_ANONYMIZE_IP", "md5", "'truncate', 'hash'"),
        ("WT_OMIT", ["time"], "allowed are user, ip"),
        ("WT_RETENTION_DAYS", -1, "from 0 to 36500"),
        ("GEOIP_PATH", 3, "must be a path"),
        ("SITE_SLUG", "my site", "letters, digits"),
        ("MQUEUE_AUTOREGISTER", [("shop.Book", ["x"])], "list of 'c', 'u' and 'd'"),
        ("MQUEUE_AUTOREGISTER", ["shop.Book"], "no pair"),
        ("MQUEUE_WATCH", ["signup"], "login_failed"),
        ("MQUEUE_HOOKS", {"x": {}}, "no 'path' in 'x'"),
    ],
)
def test_a_wrong_value_is_named_with_what_is_allowed(
    name: str, value: Any, words: str, settings: Any
) -> None:
    setattr(settings, name, value)
    said = found()["metrics_hits.E001"]
    assert said.startswith(name)
    assert words in said


def test_a_password_is_in_no_message(settings: Any) -> None:
    settings.WT_REDIS = {"host": "h", "port": "x", "password": "secret1"}
    settings.WT_DATABASES = {"x": {"password": "secret2"}}
    settings.MQUEUE_HOOKS = {"x": {"password": "secret3"}}
    said = " ".join(str(message) for message in checks.check_values())
    assert "WT_REDIS has a port that is no whole number" in said
    assert "secret" not in said


@pytest.mark.parametrize(
    "options",
    [
        {"addr": "redis://:s3cret@host:6379"},
        {"addr": ":s3cret@host:6379"},
        {"addr": "host:s3cret"},
        {"host": "user:s3cret@host"},
        {"host": "h", "port": "s3cret"},
        {"host": "h", "db": "s3cret"},
        {"url": "redis://:s3cret/x@host:6379"},
        {"url": "redis://:s3cret#x@host:6379"},
        {"url": "redis://:12345/s3cret@host"},
        {"url": "http://:s3cret@host"},
    ],
)
def test_no_wrong_form_of_a_password_is_told(options: dict[str, Any], settings: Any) -> None:
    settings.WT_REDIS = options
    said = " ".join(f"{message} {message.hint}" for message in checks.check_values())
    assert "WT_REDIS has " in said
    assert "s3cret" not in said
    with pytest.raises(ValueError) as caught:
        read(options)
    assert "s3cret" not in str(caught.value)


@pytest.mark.parametrize(
    ("options", "url", "shown"),
    [
        ({}, "redis://localhost:6379/0", "redis://localhost:6379/0"),
        ({"addr": "localhost:6379", "db": 3}, "redis://localhost:6379/3", "redis://localhost:6379/3"),
        ({"addr": "[::1]:7"}, "redis://[::1]:7/0", "redis://[::1]:7/0"),
        ({"host": "::1", "port": "7"}, "redis://[::1]:7/0", "redis://[::1]:7/0"),
        ({"host": "h", "password": "p@/#"}, "redis://:p%40%2F%23@h:6379/0", "redis://h:6379/0"),
        ({"url": "rediss://u:p@h:1/2?ssl_cert_reqs=none"}, None, "rediss://h:1/2"),
        ({"url": "unix:///run/redis.sock?db=2"}, None, "unix:///run/redis.sock"),
    ],
)
def test_an_address_is_read_and_shown_without_its_password(
    options: dict[str, Any], url: str | None, shown: str
) -> None:
    address = read(options)
    assert address.url == (url or options["url"])
    assert address.shown == shown
    assert "p@" not in repr(address)


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("WT_EXCLUD", "Did you mean WT_EXCLUDE?"),
        ("MQUEUE_HOOK", "Did you mean MQUEUE_HOOKS?"),
        ("WT_SEPARATOR", "not needed any more"),
        ("WT_SOMETHING_ELSE", "Known are"),
    ],
)
def test_an_unknown_setting_is_named(name: str, hint: str, settings: Any) -> None:
    setattr(settings, name, 1)
    assert hint in found()["metrics_hits.W001"]


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"type": "mongodb"}, "write one of 'django', 'influxdb', 'clickhouse' or a class's dotted path"),
        ({"type": "nowhere.Storage"}, "cannot be had"),
        ({"type": "tests.hits.kept.Shelf"}, "no subclass"),
        ({"type": "django", "hits_db": "hits"}, "hits"),
        ({"type": "influxdb", "port": "x", "host": "h", "hits_db": "h"}, "port"),
    ],
)
def test_a_storage_that_cannot_be_is_named(options: dict[str, Any], words: str, settings: Any) -> None:
    settings.WT_DATABASES = {"odd": options}
    said = found()["metrics_hits.E002"]
    assert said.startswith("WT_DATABASES['odd']: ")
    assert words in said


def test_a_wrong_geoip_path_is_named(settings: Any, tmp_path: Path) -> None:
    settings.GEOIP_PATH = str(tmp_path / "nothing")
    assert "nothing" in found()["metrics_hits.E004"]
    settings.GEOIP_PATH = tmp_path
    assert ".mmdb" in found()["metrics_hits.E004"]


def test_a_model_or_hook_that_is_not_there_is_named(settings: Any) -> None:
    settings.MQUEUE_AUTOREGISTER = [("shop.models.Nothing", ["c"])]
    assert "shop.models.Nothing" in found()["metrics_hits.E005"]


def test_the_middleware_should_stand_first_and_queries_be_counted(settings: Any) -> None:
    settings.MIDDLEWARE = ["django.middleware.common.CommonMiddleware", checks.MIDDLEWARE]
    said = found()
    assert "django.middleware.common.CommonMiddleware before" in said["metrics_hits.W003"]
    assert "STATSD_PATCHES" in said["metrics_hits.W004"]
    settings.MIDDLEWARE = ["debug_toolbar.middleware.DebugToolbarMiddleware", checks.MIDDLEWARE]
    settings.STATSD_PATCHES = [checks.DB_PATCH]
    assert set(found()) == {"metrics_hits.W002"}


class Nowhere:
    """A router that lets the hits' tables into no database."""

    def allow_migrate(self, db: str, app_label: str, **hints: Any) -> bool | None:
        return False if app_label == "metrics_hits" else None


def test_tables_that_no_migration_would_make_are_told(settings: Any) -> None:
    settings.DATABASE_ROUTERS = ["tests.hits.test_checks.Nowhere"]
    assert "migrate --database default" in found()["metrics_hits.W005"]


def test_rows_that_are_looked_for_elsewhere_are_told(settings: Any) -> None:
    with database("apart", {"ENGINE": "django.db.backends.sqlite3", "NAME": ":memory:"}, migrated=False):
        settings.WT_DATABASES = {"default": {"type": "django", "hits_db": "apart"}}
        assert "HitsRouter" in found()["metrics_hits.W008"]
        settings.DATABASE_ROUTERS = [checks.ROUTER]
        assert set(found()) == {"metrics_hits.W002"}


def test_drops_are_told() -> None:
    road.counts.drop("buffer_full", 3)
    try:
        assert "buffer_full: 3" in found()["metrics_hits.W006"]
    finally:
        road.counts.dropped.clear()


def test_ids_are_unique_and_django_knows_the_checks() -> None:
    text = Path(checks.__file__).read_text()
    numbers = re.findall(r"_(error|warning)\((\d), ", text)
    assert len(numbers) == len(set(numbers))
    ours = run_checks(tags=["django_metrics_statsd"])
    assert {message.id for message in ours} >= {"metrics_hits.W002"}
