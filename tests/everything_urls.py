"""Views of every kind that has a name of its own, for `tests.everything`."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from django.contrib import admin
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse, StreamingHttpResponse
from django.urls import include, path
from django.views import View
from rest_framework.response import Response
from rest_framework.viewsets import ViewSet

if TYPE_CHECKING:
    from django.http import HttpRequest


def plain(request: HttpRequest) -> HttpResponse:
    return HttpResponse("ok")


def personal(request: HttpRequest) -> HttpResponse:
    return HttpResponse(str(request.user.is_authenticated))


def missing(request: HttpRequest) -> HttpResponse:
    raise Http404


def forbidden(request: HttpRequest) -> HttpResponse:
    raise PermissionDenied


def broken(request: HttpRequest) -> HttpResponse:
    raise ValueError("broken")


def stream(request: HttpRequest) -> StreamingHttpResponse:
    return StreamingHttpResponse(iter(["a", "b"]))


def strange(request: HttpRequest) -> HttpResponse:
    response = HttpResponse("ok")
    response.status_code = 799
    return response


class Shelf(View):
    """A class-based view."""

    def get(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("ok")


class Books(ViewSet):
    """A viewset of Django REST framework."""

    authentication_classes: tuple[type, ...] = ()
    permission_classes: tuple[type, ...] = ()

    def list(self, request: object) -> Response:
        return Response([])


class Callable:
    """An object that is a view."""

    def __call__(self, request: HttpRequest) -> HttpResponse:
        return HttpResponse("ok")


urlpatterns = [
    path("plain/", plain),
    path("partial/", partial(plain)),
    path("personal/", personal),
    path("missing/", missing),
    path("forbidden/", forbidden),
    path("broken/", broken),
    path("stream/", stream),
    path("strange/", strange),
    path("shelf/", Shelf.as_view()),
    path("books/", Books.as_view({"get": "list"})),
    path("callable/", Callable()),
    path("admin/", admin.site.urls),
    path("services/timing/", include("django_metrics_statsd.urls")),
]
