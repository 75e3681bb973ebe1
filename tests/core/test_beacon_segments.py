"""Tags of the stats: few values, none of them the client's own."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from django.http import HttpRequest
from django.urls import set_script_prefix
from django.utils import translation

from django_metrics_statsd.testing import Captured
from tests.core.beacons import BOOMERANG, MODES, STICK, TEXT, URLS, VITALS, form, send, stick, tags, text

pytestmark = URLS


@pytest.fixture(autouse=True)
def _language() -> Iterator[None]:
    """Django's LocaleMiddleware leaves a request's language active."""
    yield
    translation.deactivate()


PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.0 Mobile/15E148 Safari/604.1"
)
TABLET = (
    "Mozilla/5.0 (iPad; CPU OS 16_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/16.0 Mobile/15E148 Safari/604.1"
)
DESKTOP = "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/120.0 Safari/537.36"
BOT = "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)"


def tag(stats: Captured) -> str:
    (found,) = tags(stats)
    ((_, value),) = found
    return value


def test_none_unless_asked_for(stats: Captured) -> None:
    send("sync", stick())
    assert tags(stats) == {()}


@MODES
def test_all_of_them(mode: str, settings: Any, stats: Captured) -> None:
    settings.STATSD_RECORD_SEGMENTS = ["device", "connection", "route", "country", "navigation"]
    settings.STATSD_RECORD_COUNTRY = "CF-IPCountry"
    for body, content_type in ((form(STICK), "text/plain"), (text(VITALS), TEXT)):
        stats.clear()
        send(mode, body, content_type, User_Agent=PHONE, CF_IPCountry="de")
        (found,) = tags(stats)
        assert dict(found) == {
            "device": "mobile",
            "connection": "4g" if content_type == "text/plain" else "3g",
            "route": "shop/number",
            "country": "DE",
            "navigation": "reload" if content_type == "text/plain" else "navigate",
        }


@pytest.mark.parametrize(
    ("agent", "device"),
    [
        (PHONE, "mobile"),
        (TABLET, "tablet"),
        (DESKTOP, "desktop"),
        (BOT, "bot"),
        ("", "other"),
        ("x" * 9000, "other"),
        ("ArcGIS Pro 3.1.² (x)".encode().decode("latin-1"), "other"),
    ],
)
def test_device(agent: str, device: str, settings: Any, stats: Captured) -> None:
    settings.STATSD_RECORD_SEGMENTS = ["device"]
    send("sync", stick(), User_Agent=agent)
    assert tag(stats) == device


@pytest.mark.parametrize(
    ("sent", "recorded"),
    [
        ("4g", "4g"),
        ("slow-2g", "slow-2g"),
        ("", "unknown"),
        ("6g", "unknown"),
        ("4g:1|c", "unknown"),
        ("4G", "unknown"),
    ],
)
def test_connection(sent: str, recorded: str, settings: Any, stats: Captured) -> None:
    settings.STATSD_RECORD_SEGMENTS = ["connection"]
    send("sync", form(STICK, connection=sent))
    assert tag(stats) == recorded
    stats.clear()
    send("sync", form({**BOOMERANG, "mob.etype": sent}))
    assert tag(stats) == recorded


@pytest.mark.parametrize(
    ("page", "route"),
    [
        ("/", "root"),
        ("/shop/7/", "shop/number"),
        ("/shop/8/?q=1#x", "shop/number"),
        ("http://testserver/shop/7/", "shop/number"),
        ("/shop/a-b/reviews/4ce9e8c6-7c27-4ea9-a4b2-bbcba2cb8db3", "shop/name/reviews/pk"),
        ("/files/any/thing", "files/rest"),
        ("/files/%2e%2e/x", "files/rest"),
        ("/articles/2024/", "tests.core.beacon_urls.page"),
        ("/old/5", "tests.core.beacon_urls.page"),
        ("/inner/w\u00f6rd", "inner/word"),
        ("/inner/w%C3%B6rd", "inner/word"),
        ("/about/", "unresolved"),
        ("/de/about/", "de/about"),
        ("/xx/about/", "unresolved"),
        ("/no/such/page", "unresolved"),
        ("/bad/x", "unresolved"),
        ("shop/7/", "unresolved"),
        ("http://[", "unresolved"),
        ("\0", "unresolved"),
        ("/" + "x" * 7000, "unresolved"),
        ("javascript:alert(1)", "unresolved"),
    ],
)
def test_route(page: str, route: str, settings: Any, stats: Captured) -> None:
    settings.STATSD_RECORD_SEGMENTS = ["route"]
    send("sync", form(STICK, page=page))
    assert tag(stats) == route


@MODES
def test_the_page_of_another_language_than_the_beacons(mode: str, settings: Any, stats: Captured) -> None:
    settings.MIDDLEWARE = ["django.middleware.locale.LocaleMiddleware"]
    settings.STATSD_RECORD_SEGMENTS = ["route"]
    send(mode, form(STICK, page="/de/about/"), Accept_Language="fr")
    assert tag(stats) == "de/about"


def test_the_referer_where_no_page_was_sent(settings: Any, stats: Captured) -> None:
    settings.STATSD_RECORD_SEGMENTS = ["route"]
    send("sync", form(STICK, page=None), Referer="http://testserver/shop/7/")
    assert tag(stats) == "shop/number"


@MODES
def test_a_site_below_a_prefix(mode: str, settings: Any, stats: Captured) -> None:
    settings.FORCE_SCRIPT_NAME = "/site"
    settings.STATSD_RECORD_SEGMENTS = ["route"]
    try:
        # The async client, unlike a server, does not take the prefix off the path.
        url = "/services/timing/record" if mode == "sync" else "/site/services/timing/record"
        send(mode, form(STICK, page="/site/shop/7/"), url=url)
        send(mode, form(STICK, page="/shop/7/"), url=url)
    finally:
        set_script_prefix("/")
    assert {dict(found)["route"] for found in tags(stats)} == {"shop/number", "unresolved"}


class Unwilling:
    def __str__(self) -> str:
        raise RuntimeError("no")


@pytest.mark.parametrize(
    ("found", "country"),
    [
        ("DE", "DE"),
        ("de", "DE"),
        ("", "unknown"),
        (None, "unknown"),
        ("DEU", "unknown"),
        ("D1", "unknown"),
        (5, "unknown"),
    ],
)
def test_country_by_a_function(found: Any, country: str, settings: Any, stats: Captured) -> None:
    settings.STATSD_RECORD_SEGMENTS = ["country"]
    settings.STATSD_RECORD_COUNTRY = lambda request: found
    send("sync", stick())
    assert tag(stats) == country


@pytest.mark.parametrize("sent", ["", "XYZ", "\u00c4\u00d6", "D\u00df", "T1", "a:1|c"])
def test_country_by_a_header_that_is_none(sent: str, settings: Any, stats: Captured) -> None:
    settings.STATSD_RECORD_SEGMENTS, settings.STATSD_RECORD_COUNTRY = ["country"], "X-Country"
    send("sync", stick(), X_Country=sent)
    assert tag(stats) == "unknown"


def country_of(request: HttpRequest) -> str:
    return "FR"


def test_country_by_a_dotted_path(settings: Any, stats: Captured) -> None:
    settings.STATSD_RECORD_SEGMENTS, settings.STATSD_RECORD_COUNTRY = ["country"], f"{__name__}.country_of"
    send("sync", stick())
    assert tag(stats) == "FR"


@pytest.mark.parametrize("source", [lambda request: 1 / 0, lambda request: Unwilling(), "no.such.function"])
def test_a_country_that_cannot_be_found(
    source: Any, settings: Any, stats: Captured, faults: dict[str, int]
) -> None:
    settings.STATSD_RECORD_SEGMENTS, settings.STATSD_RECORD_COUNTRY = ["country"], source
    assert send("sync", stick()).status_code == 204
    assert tag(stats) == "unknown"
    assert faults == {"beacon.country": 1}


def test_no_country_without_a_source(settings: Any, stats: Captured) -> None:
    settings.STATSD_RECORD_SEGMENTS = ["country"]
    send("sync", stick())
    assert tag(stats) == "unknown"


WITHOUT = """
import sys
sys.modules["user_agents"] = None
import django
from django.conf import settings
settings.configure(
    ALLOWED_HOSTS=["*"], ROOT_URLCONF="tests.core.beacon_urls", SECRET_KEY="x",
    STATSD_CLIENT="django_metrics_statsd.clients.null", STATSD_RECORD_SEGMENTS=["device"],
    STATSD_RECORD_GUARD="django_metrics_statsd.beacon.guards.no_bots",
)
django.setup()
from django_metrics_statsd.testing import capture
from tests.core.beacons import send, stick, tags
with capture() as stats:
    print([send("sync", stick(), User_Agent="Googlebot/2.1").status_code for _ in range(2)], tags(stats))
"""


def test_without_the_user_agents_package() -> None:
    command = [sys.executable, "-W", "error", "-c", WITHOUT]
    root = Path(__file__).resolve().parents[2]
    done = subprocess.run(command, capture_output=True, text=True, cwd=root, check=False)
    assert done.stdout.strip() == "[204, 204] {(('device', 'unknown'),)}", done.stderr
    assert done.stderr.count("pip install 'django-metrics-statsd[hits]'") == 1
