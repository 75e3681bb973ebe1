"""Which name each shape of view gets."""

from __future__ import annotations

import functools
from typing import Any

import pytest
from django.contrib import admin
from django.contrib.auth.models import Group
from django.http import HttpResponse
from django.test import Client, RequestFactory
from django.urls import ResolverMatch, path
from rest_framework import serializers, viewsets
from rest_framework.decorators import action, api_view
from rest_framework.response import Response
from rest_framework.views import APIView

from django_metrics_statsd.middleware import GraphiteRequestTimingMiddleware, TastyPieRequestTimingMiddleware
from django_metrics_statsd.names import view_name
from django_metrics_statsd.testing import Captured
from tests import views

HERE = "tests.core.test_view_names"


class Serializer(serializers.ModelSerializer[Group]):
    class Meta:
        model = Group
        fields = ["name"]


class Rest(APIView):
    def get(self, request: Any) -> Response:
        return Response({})


class Groups(viewsets.ModelViewSet[Group]):
    queryset = Group.objects.all()
    serializer_class = Serializer

    @action(detail=False)
    def recent(self, request: Any) -> Response:
        return Response({})


@api_view(["GET"])
def rest_function(request: Any) -> Response:
    return Response({})


@api_view(["GET"])
def other_rest_function(request: Any) -> Response:
    return Response({})


def local_class() -> type:
    class Local(views.Page):
        pass

    return Local


SHAPES: dict[str, tuple[Any, tuple[str, str]]] = {
    "function": (views.plain, ("tests.views", "plain")),
    "coroutine": (views.aplain, ("tests.views", "aplain")),
    "class": (views.Page.as_view(), ("tests.views", "Page")),
    "async class": (views.AsyncPage.as_view(), ("tests.views", "AsyncPage")),
    "decorated class": (views.decorator(views.Page.as_view()), ("tests.views", "Page")),
    "exempt class": (views.Quiet.as_view(), ("tests.views", "Quiet")),
    "local class": (local_class().as_view(), (HERE, "local_class.Local")),
    "decorated": (views.decorated, ("tests.views", "plain")),
    "partial": (functools.partial(views.plain), ("tests.views", "plain")),
    "partial of a partial": (functools.partial(functools.partial(views.decorated)), ("tests.views", "plain")),
    "partial of a class": (functools.partial(views.Page.as_view()), ("tests.views", "Page")),
    "instance": (views.instance, ("tests.views", "Called")),
    "method": (views.instance.method, ("tests.views", "Called.method")),
    "partial of a method": (functools.partial(views.instance.method), ("tests.views", "Called.method")),
    "lambda": (lambda request: None, (HERE, "<lambda>")),
    "rest view": (Rest.as_view(), (HERE, "Rest")),
    "rest viewset": (Groups.as_view({"get": "list"}), (HERE, "Groups")),
    "rest function": (rest_function, (HERE, "rest_function")),
    "other rest function": (other_rest_function, (HERE, "other_rest_function")),
    "admin index": (admin.site.index, ("django.contrib.admin.sites", "AdminSite.index")),
}


@pytest.mark.parametrize(("view", "name"), SHAPES.values(), ids=SHAPES)
def test_every_shape_of_view_has_its_name(view: Any, name: tuple[str, str]) -> None:
    assert view_name(view) == name


urlpatterns = [
    path("groups", Groups.as_view({"get": "list", "post": "create"})),
    path("groups/recent", Groups.as_view({"get": "recent"})),
    path("rest", Rest.as_view()),
    path("function", rest_function),
    path("page", views.Page.as_view()),
    path("lambda", lambda request: HttpResponse()),
    path("method", views.instance.method),
    path("admin/", admin.site.urls),
]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("method", "url", "name"),
    [
        ("GET", "/groups", f"{HERE}.Groups.list.GET"),
        ("POST", "/groups", f"{HERE}.Groups.create.POST"),
        ("DELETE", "/groups", f"{HERE}.Groups.DELETE"),
        ("GET", "/groups/recent", f"{HERE}.Groups.recent.GET"),
        ("GET", "/rest", f"{HERE}.Rest.GET"),
        ("GET", "/function", f"{HERE}.rest_function.GET"),
        ("POST", "/page", "tests.views.Page.POST"),
        ("GET", "/method", "tests.views.Called.method.GET"),
        ("GET", "/admin/", "django.contrib.admin.sites.AdminSite.index.GET"),
        ("GET", "/admin/auth/group/", "django.contrib.auth.admin.GroupAdmin.changelist_view.GET"),
    ],
)
def test_names_on_the_wire(method: str, url: str, name: str, settings: Any, stats: Captured) -> None:
    settings.ROOT_URLCONF = HERE
    Client(raise_request_exception=False).generic(method, url)
    stats.assert_timing(f"view.{name}", times=1)


def test_a_view_without_a_hash(rf: RequestFactory, stats: Captured) -> None:
    request = rf.get("/")
    request.resolver_match = ResolverMatch(views.unhashable, (), {})
    GraphiteRequestTimingMiddleware(views.plain)(request)
    stats.assert_timing("view.tests.views.Unhashable.GET", times=1)


def test_a_lambda_is_clean_on_the_wire(settings: Any, wire: Any) -> None:
    settings.ROOT_URLCONF = HERE
    Client().get("/lambda")
    assert any(line.startswith(f"view.{HERE}._lambda_.GET:") for line in wire.lines())


def test_names_are_made_once_per_view_and_method_and_are_bounded(rf: RequestFactory, stats: Captured) -> None:
    middleware = GraphiteRequestTimingMiddleware(views.plain)
    request = rf.get("/")
    for number in range(3_000):
        request.resolver_match = ResolverMatch(functools.partial(views.plain, number), (), {})
        middleware(request)
    from django_metrics_statsd.plan import planned

    assert len(planned.now.views) <= 2_048
    stats.assert_timing("view.tests.views.plain.GET", times=3_000)
    planned.reset()


def timed(
    view: Any,
    kwargs: dict[str, Any] | None,
    rf: RequestFactory,
    method: str = "GET",
    through: Any = None,
) -> None:
    request = rf.generic(method, "/")
    if kwargs is not None:
        request.resolver_match = ResolverMatch(view, (), kwargs)
    (through or TastyPieRequestTimingMiddleware(views.plain))(request)


def test_tastypies_requests_are_named_by_api_and_resource(rf: RequestFactory, stats: Captured) -> None:
    timed(views.plain, {"api_name": "v1", "resource_name": "books"}, rf)
    timed(views.plain, {"api_name": "v1", "resource_name": "books", "pk": "3"}, rf, "PUT")
    assert [record.stat for record in stats] == [
        "view.v1.books.GET",
        "view.v1.GET",
        "view.GET",
        "view.v1.books.PUT",
        "view.v1.PUT",
        "view.PUT",
    ]


def test_other_requests_are_named_by_their_view_there_too(rf: RequestFactory, stats: Captured) -> None:
    timed(views.plain, {}, rf)
    timed(views.plain, {"resource_name": "alone"}, rf)
    timed(views.plain, None, rf)
    names = [record.stat for record in stats if record.stat.count(".") > 1]
    assert names == ["view.tests.views.plain.GET", "view.tests.views.GET"] * 2 + ["view.unresolved.GET"]


def test_names_out_of_urls_are_bounded(rf: RequestFactory, stats: Captured) -> None:
    one = TastyPieRequestTimingMiddleware(views.plain)
    for number in range(600):
        timed(views.plain, {"api_name": "v1", "resource_name": f"r{number}"}, rf, through=one)
    names = {record.stat for record in stats if record.stat.startswith("view.v1.r")}
    assert 490 <= len(names) <= 500
    stats.assert_timing("view.v1._overflow.GET", times=600 - len(names))


def test_a_real_tastypie_api(settings: Any, stats: Captured) -> None:
    settings.ROOT_URLCONF = "tests.core.tastypie_urls"
    settings.MIDDLEWARE = ["django_metrics_statsd.middleware.TastyPieRequestTimingMiddleware"]
    Client(raise_request_exception=False).get("/v1/books/?format=json")
    stats.assert_timing("view.v1.books.GET", times=1)
