"""A site that takes beacons, with pages of every kind of route."""

from __future__ import annotations

from django.conf.urls.i18n import i18n_patterns
from django.http import HttpRequest, HttpResponse
from django.urls import include, path, re_path

from django_metrics_statsd.beacon.guards import token_query


def page(request: HttpRequest, **parts: object) -> HttpResponse:
    return HttpResponse("page")


def tagged(request: HttpRequest) -> HttpResponse:
    return HttpResponse(token_query(request))


class BadConverter:
    """Fails in a way of its own."""

    regex = "[^/]+"

    def to_python(self, value: str) -> str:
        raise RuntimeError("no")

    def to_url(self, value: str) -> str:
        return value


def _bad_converter() -> str:
    from django.urls import converters

    if "bad" not in converters.REGISTERED_CONVERTERS:
        converters.register_converter(BadConverter, "bad")
    return "bad"


urlpatterns = [
    path("services/timing/", include("django_metrics_statsd.urls")),
    path("", page),
    path("tagged", tagged),
    path("shop/<int:number>/", page),
    path("shop/<slug:name>/reviews/<uuid:pk>", page),
    path("files/<path:rest>", page),
    re_path(r"^articles/(?P<year>[0-9]{4})/$", page),
    re_path(r"^old/(\d+)$", page),
    path("inner/", include(([path("<str:word>", page)], "inner"))),
    path(f"bad/<{_bad_converter()}:it>", page),
    *i18n_patterns(path("about/", page)),
]
