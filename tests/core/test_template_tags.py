"""What the tags write, and that no page fails because of them."""

from __future__ import annotations

import re
from html import unescape
from typing import Any

import django
import pytest
from django.http import HttpRequest
from django.template import Context, RequestContext, Template
from django.test import RequestFactory
from django.utils.functional import SimpleLazyObject, empty

URL = "/services/timing/record"
TAG = (
    '<script src="/static/django_metrics_statsd/stick.js" async data-url="/services/timing/record" '
    "data-vitals></script>"
)


@pytest.fixture(autouse=True)
def site(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.core.beacon_urls"
    settings.STATIC_URL = "/static/"


@pytest.fixture
def request_(rf: RequestFactory) -> HttpRequest:
    return rf.get("/")


def render(tag: str, context: Context | None = None) -> str:
    return Template(f"{{% load metrics_statsd %}}{{% {tag} %}}").render(context or Context())


def attribute(name: str, html: str) -> str | None:
    found = re.search(rf' {name}="([^"]*)"', html)
    return found and unescape(found[1])


class LazyNonce(SimpleLazyObject):
    """As Django 6 and django-csp have it: false until it is read, as only then the policy gets it."""

    def __init__(self) -> None:
        super().__init__(lambda: "n0nce")

    def __bool__(self) -> bool:
        return self._wrapped is not empty  # type: ignore[attr-defined]


def test_the_script(request_: HttpRequest) -> None:
    assert render("statsd_beacon", RequestContext(request_)) == TAG


def test_the_script_without_a_request() -> None:
    assert render("statsd_beacon") == TAG


def test_without_vitals() -> None:
    assert render("statsd_beacon vitals=False") == TAG.replace(" data-vitals", "")


@pytest.mark.parametrize(
    ("sample", "written"),
    [("0.1", "0.1"), ('"0.25"', "0.25"), ("1", "1"), ("0", "0"), ("None", None), ('""', None)],
)
def test_a_share_of_the_pages(sample: str, written: str | None) -> None:
    assert attribute("data-sample", render(f"statsd_beacon sample={sample}")) == written


@pytest.mark.parametrize("sample", ["2", "-1", '"often"', '"nan"'])
def test_a_share_that_is_none_is_said_and_left_out(sample: str, caplog: pytest.LogCaptureFixture) -> None:
    assert render(f"statsd_beacon sample={sample}") == TAG
    assert "sample must be from 0 to 1" in caplog.text


def test_numbers_have_no_comma_in_any_language(settings: Any) -> None:
    from django.utils.translation import override

    with override("de"):
        assert attribute("data-sample", render("statsd_beacon sample=0.1")) == "0.1"


def test_another_url_is_escaped() -> None:
    html = render("statsd_beacon url=url", Context({"url": '/b?a="><script>&b=1'}))
    assert "<script>" not in html
    assert attribute("data-url", html) == '/b?a="><script>&b=1'


def test_a_token_for_who_wants_one(settings: Any, request_: HttpRequest) -> None:
    settings.STATSD_RECORD_GUARD = "django_metrics_statsd.beacon.guards.signed_token"
    html = render("statsd_beacon", RequestContext(request_))
    assert re.fullmatch(rf"{URL}\?token=testserver%3A[\w%-]+", str(attribute("data-url", html)))
    further = attribute("data-url", render('statsd_beacon url="/b?a=1"', RequestContext(request_)))
    assert str(further).startswith("/b?a=1&token=testserver%3A")


def test_the_url_alone(settings: Any, request_: HttpRequest) -> None:
    assert render("statsd_beacon_url") == URL
    settings.STATSD_RECORD_GUARD = "django_metrics_statsd.beacon.guards.signed_token"
    assert render("statsd_beacon_url", RequestContext(request_)).startswith(f"{URL}?token=testserver%3A")


def test_the_nonce_of_the_context() -> None:
    nonce = LazyNonce()
    assert attribute("nonce", render("statsd_beacon", Context({"csp_nonce": nonce}))) == "n0nce"
    assert nonce  # and so the policy has it


def test_the_nonce_of_django_csp(request_: HttpRequest) -> None:
    request_.csp_nonce = LazyNonce()  # type: ignore[attr-defined]
    assert attribute("nonce", render("statsd_beacon", RequestContext(request_))) == "n0nce"


def test_the_nonce_of_django(request_: HttpRequest) -> None:
    request_._csp_nonce = LazyNonce()  # type: ignore[attr-defined]
    written = attribute("nonce", render("statsd_beacon", RequestContext(request_)))
    assert written == ("n0nce" if django.VERSION >= (6,) else None)


def test_no_nonce_where_the_site_has_none(request_: HttpRequest) -> None:
    assert "nonce" not in render("statsd_beacon", RequestContext(request_, {"csp_nonce": ""}))


def test_the_request_of_a_plain_context(settings: Any, request_: HttpRequest) -> None:
    settings.STATSD_RECORD_GUARD = "django_metrics_statsd.beacon.guards.signed_token"
    assert "token=" in render("statsd_beacon", Context({"request": request_}))


@pytest.mark.parametrize("tag", ["statsd_beacon", "statsd_beacon_url"])
def test_without_the_view_nothing_is_written(
    tag: str, settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.ROOT_URLCONF = "tests.urls"
    assert render(tag) == render(tag) == ""
    assert [record.getMessage() for record in caplog.records] == [
        "statsd_beacon writes nothing: include django_metrics_statsd.urls in your URLs, or give it url="
    ]


def test_without_the_view_another_url_is_enough(settings: Any) -> None:
    settings.ROOT_URLCONF = "tests.urls"
    assert attribute("data-url", render('statsd_beacon url="https://b.example/record"')) == (
        "https://b.example/record"
    )


def test_without_a_place_of_static_files_nothing_is_written(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.STATIC_URL = None
    assert render("statsd_beacon") == ""
    assert "STATIC_URL is not set" in caplog.text


def test_a_manifest_without_the_script(
    settings: Any, tmp_path: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.STATIC_ROOT = tmp_path
    settings.INSTALLED_APPS = [*settings.INSTALLED_APPS, "django.contrib.staticfiles"]
    backend = "django.contrib.staticfiles.storage.ManifestStaticFilesStorage"
    settings.STORAGES = {**settings.STORAGES, "staticfiles": {"BACKEND": backend}}
    assert render("statsd_beacon") == ""
    assert "run collectstatic (Missing staticfiles manifest entry" in caplog.text


def test_a_fault_leaves_the_page_as_it_is(settings: Any, rf: RequestFactory, faults: dict[str, int]) -> None:
    settings.STATSD_RECORD_GUARD = "django_metrics_statsd.beacon.guards.signed_token"
    settings.ALLOWED_HOSTS = ["good.example"]
    context = RequestContext(rf.get("/", headers={"host": "bad.example"}))
    assert render("statsd_beacon", context) == render("statsd_beacon_url", context) == ""
    assert faults == {"templatetags.metrics_statsd": 2}
