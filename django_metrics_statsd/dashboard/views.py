"""The page, the event stream, the changes for pages without one, a tile's inside, and a user's order."""

from __future__ import annotations

import json
from typing import Any

from django.apps import apps
from django.core.handlers.asgi import ASGIRequest
from django.http import HttpRequest, HttpResponse, HttpResponseBase, JsonResponse, StreamingHttpResponse
from django.shortcuts import render
from django.views.decorators.cache import never_cache
from django.views.decorators.csrf import csrf_protect
from django.views.decorators.http import require_GET, require_POST

from django_metrics_statsd.background import ending
from django_metrics_statsd.dashboard import layout, texts
from django_metrics_statsd.dashboard.access import data_access, may_see, page_access, user_of, visitor_of
from django_metrics_statsd.dashboard.conf import conf
from django_metrics_statsd.dashboard.live import changes
from django_metrics_statsd.dashboard.live.hub import hub
from django_metrics_statsd.dashboard.live.pace import pace
from django_metrics_statsd.dashboard.live.streams import frames
from django_metrics_statsd.dashboard.models import Widget
from django_metrics_statsd.dashboard.rendering import Tile, render_body, title_of
from django_metrics_statsd.dashboard.updater import updater
from django_metrics_statsd.dashboard.widget_base import DashboardWidgetBase
from django_metrics_statsd.dashboard.widget_pool import dashboard_widget_pool
from django_metrics_statsd.decorators import exempt

#: Largest layout in bytes.
LARGEST = 65_536
CHARTS = "django_metrics_statsd.monitoring"


@page_access
@csrf_protect
@require_GET
@never_cache
def dashboard(request: HttpRequest) -> HttpResponse:
    """The page with every tile as it is now, so that it is of use without scripts too."""
    updater.attend()
    seq = changes.latest()  # before the tiles: what changes while they are drawn is fetched again
    user = user_of(request)
    wanted = layout.load(user)
    rows = {row.name: row for row in Widget.objects.all()}
    shown = {name: widget for name, widget in _shown(request).items() if _enabled(rows.get(name))}
    tiles = [_tile(widget, request, rows, wanted) for widget in layout.in_order(shown, wanted)]
    context = {
        "tiles": tiles,
        "seq": seq,
        "kiosk": "kiosk" in request.GET,
        "charts": apps.is_installed(CHARTS),
        "texts": texts.for_scripts(),
        "kept": user is not None,
    }
    return render(request, "metrics_dashboard/dashboard.html", context)


@exempt
@data_access
@require_GET
def events(request: HttpRequest) -> HttpResponseBase:
    """The event stream under ASGI; 204, which a browser takes as "never ask again", where there can be none.

    Under WSGI a stream would keep a worker for itself for as long as the page is open.
    """
    updater.attend()
    if ending.told:
        return HttpResponse(status=503, headers={"Retry-After": "1"})
    if not isinstance(request, ASGIRequest) or len(hub) >= conf.DASHBOARD_MAX_STREAMS:
        return HttpResponse(status=204)
    # The header is what a browser sends by itself when it comes back; it is newer than the address.
    since = _whole(request.headers.get("Last-Event-ID") or request.GET.get("since"))
    if since > changes.latest():  # from before the table was emptied
        since = 0
    stream = frames(visitor_of(request), since, frozenset(_shown(request)))
    response = StreamingHttpResponse(stream, content_type="text/event-stream")
    response["Cache-Control"] = "no-cache, no-store, no-transform"
    response["X-Accel-Buffering"] = "no"
    response["Content-Encoding"] = "identity"  # GZipMiddleware leaves it alone
    return response


@exempt
@data_access
@require_GET
@never_cache
def changed(request: HttpRequest) -> HttpResponse:
    """``{"seq", "keys", "stream", "wait"}``: what changed, and seconds until the next question."""
    updater.attend()
    seq, found = changes.since(_whole(request.GET.get("since")))
    keys = sorted(found.keys() & _shown(request).keys())
    stream = isinstance(request, ASGIRequest) and len(hub) < conf.DASHBOARD_MAX_STREAMS
    return JsonResponse({"seq": seq, "keys": keys, "stream": stream, "wait": pace.next()})


@exempt
@data_access
@require_GET
@never_cache
def tile(request: HttpRequest, name: str) -> HttpResponse:
    """The inside of one tile; 404 where there is none of this name that this visitor gets."""
    widget = _shown(request).get(name)
    row = Widget.objects.filter(name=name).first() if widget is not None else None
    if widget is None or not _enabled(row):
        return JsonResponse({"error": "no such widget"}, status=404)
    return HttpResponse(render_body(widget, request, row).html)


@exempt
@data_access
@csrf_protect
@require_POST
def arrange(request: HttpRequest) -> HttpResponse:
    """Keep the order and sizes of a user who is logged in: ``{"order", "sizes"}``, or ``{"reset": true}``."""
    user = user_of(request)
    if user is None:
        return JsonResponse({"error": "not logged in: the browser keeps its own order"}, status=403)
    try:
        length = int(request.headers.get("Content-Length") or 0)
        if length > LARGEST:
            return JsonResponse({"error": f"larger than {LARGEST} bytes"}, status=413)
        data = json.loads(request.body)
        if isinstance(data, dict) and data.get("reset") is True:
            layout.forget(user)
        else:
            layout.save(user, layout.clean(data, _shown(request)))
    except (ValueError, RecursionError) as error:
        return JsonResponse({"error": str(error)}, status=400)
    return HttpResponse(status=204)


def _shown(request: HttpRequest) -> dict[str, DashboardWidgetBase]:
    user = user_of(request)
    widgets = dashboard_widget_pool.get_widgets()
    return {name: widget for name, widget in widgets.items() if may_see(user, widget)}


def _enabled(row: Widget | None) -> bool:
    return row is None or row.enabled


def _tile(
    widget: DashboardWidgetBase, request: HttpRequest, rows: dict[str, Widget], wanted: layout.Arrangement
) -> Tile:
    name = widget.get_name()
    width, height = layout.size_of(widget, wanted)
    return Tile(name, title_of(widget), width, height, render_body(widget, request, rows.get(name)))


def _whole(value: Any) -> int:
    """Return a number from outside, or 0, after which everything counts as changed."""
    text = str(value or "")
    return int(text) if text.isascii() and text.isdecimal() and len(text) <= 18 else 0
