"""URLs of the test project."""

from __future__ import annotations

from django.contrib import admin
from django.http import HttpResponse
from django.urls import include, path

from django_metrics_statsd.decorators import exempt
from tests import views

own = ([path("own", views.plain)], "django_metrics_statsd")
toolbar = ([path("render", views.busy)], "djdt")

urlpatterns = [
    path("plain", views.plain),
    path("aplain", views.aplain),
    path("who", views.who),
    path("awho", views.awho),
    path("raises/<what>", views.raises),
    path("araises/<what>", views.araises),
    path("stream", views.stream),
    path("astream", views.astream),
    path("file", views.file),
    path("memory-file", views.memory_file),
    path("waits", views.waits),
    path("busy", views.busy),
    path("status", views.odd_status),
    path("quiet", views.quiet),
    path("aquiet", views.aquiet),
    path("quiet-class", views.Quiet.as_view()),
    path("aquiet-class", views.AsyncQuiet.as_view()),
    path("quiet-view", exempt(views.Page.as_view())),
    path("aquiet-view", exempt(views.AsyncPage.as_view())),
    path("page", views.Page.as_view()),
    path("apage", views.AsyncPage.as_view()),
    path("decorated", views.decorated),
    path("partial", views.part),
    path("instance", views.instance),
    path("method", views.instance.method),
    path("lambda", lambda request: HttpResponse("lambda")),
    path("thread", views.thread),
    path("health/live", views.plain),
    path("own/", include(own)),
    path("__debug__/", include(toolbar)),
    path("admin/", admin.site.urls),
]
