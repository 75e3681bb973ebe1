"""The pages: all monitors, one monitor, and the address that each chart is fetched from."""

from __future__ import annotations

from copy import copy
from typing import Any

from asgiref.sync import async_to_sync, iscoroutinefunction
from django.core.exceptions import PermissionDenied
from django.db import Error
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.utils.html import escape
from django.utils.translation import gettext as _

from django_metrics_statsd.monitoring.register import MonitoringRegistryException, monitor
from django_metrics_statsd.monitoring.rollups.statistics import LABELS
from django_metrics_statsd.monitoring.views import listing
from django_metrics_statsd.monitoring.views.access import StaffOnly
from django_metrics_statsd.monitoring.views.monitors import MonitorView
from django_metrics_statsd.monitoring.views.questions import Question, choices, read_question
from django_metrics_statsd.safety import failed


class MonitoringView(StaffOnly):
    """All monitors by category. Each chart is fetched by itself as it comes into view.

    With ``?charts=all`` they are drawn with the page, for browsers without scripts.
    """

    template_name = "metrics_monitoring/index.html"

    def get(self, request: HttpRequest) -> HttpResponse:
        """Answer with the page."""
        question = read_question(request.GET)
        cards = list(listing.all_cards())
        categories = [card.category for card in cards if card.category]
        shown = [card for card in cards if question.category in {"", card.category}]
        groups = listing.groups(shown, listing.order_of(request.user))
        if request.GET.get("charts") == "all":
            for card in shown:
                card.html = chart_of(request, card.name)
        context = {
            **page_context(request, question),
            "page": "monitors",
            "groups": groups,
            "categories": list(dict.fromkeys(categories)),
            "any": bool(cards),
        }
        return render(request, self.template_name, context)


class MonitorPage(StaffOnly):
    """One monitor, with all that can be asked of it."""

    def get(self, request: HttpRequest, name: str) -> HttpResponse:
        """Answer with the page.

        Raises:
            Http404: there is no such monitor.
        """
        view_of(name)
        question = read_question(request.GET)
        card = next(card for card in listing.all_cards() if card.name == name)
        card.html = chart_of(request, name)
        drawn = question.statistics or tuple(monitor.get_option(name, "statistics") or ())
        allowed = getattr(monitor.get(name), "statistics", ())
        context = {
            **page_context(request, question),
            "page": "monitor",
            "card": card,
            "statistics": [(word, LABELS[word], word in drawn) for word in allowed],
        }
        return render(request, "metrics_monitoring/monitor_page.html", context)


class ChartView(StaffOnly):
    """What a monitor's own view answers; for pages to fetch."""

    def get(self, request: HttpRequest, name: str) -> Any:
        """Hand over to the view that was registered.

        Raises:
            Http404: there is no such monitor.
        """
        return answer_of(request, name)


class OrderView(StaffOnly):
    """Saves in which order a user has the charts."""

    http_method_names = ["post"]

    def post(self, request: HttpRequest) -> HttpResponse:
        """Save, and answer 204; 400 for what is no order, 503 where the database does not take it."""
        try:
            listing.save_order(request.user, listing.names_in(request))
        except (ValueError, RecursionError) as error:
            return JsonResponse({"error": str(error)}, status=400)
        except Error:
            failed("monitoring.order")
            return JsonResponse({"error": "The order cannot be saved now."}, status=503)
        return HttpResponse(status=204)


def view_of(name: str) -> Any:
    """Return a monitor's view.

    Raises:
        Http404: there is no such monitor.
    """
    try:
        return monitor.get_view(name)
    except MonitoringRegistryException as error:
        raise Http404(str(error)) from None


def chart_of(request: HttpRequest, name: str) -> str:
    """Return the HTML of a monitor's chart; what a view answers that is no HTML is escaped."""
    try:
        response = answer_of(_asking_for_html(request), name)
        text = str(response.content.decode(response.charset or "utf-8"))
    except (Http404, PermissionDenied):
        raise
    except Exception:  # one view of the site's own must not take the page along
        failed(f"monitoring.view.{name}")
        return f'<p class="error">{escape(_("This chart cannot be drawn now."))}</p>'
    html = str(response.get("Content-Type", "")).startswith("text/html")
    return text if html else f"<pre>{escape(text)}</pre>"


def _asking_for_html(request: HttpRequest) -> HttpRequest:
    """Return the request of a page as one for a chart alone: the page's ``format`` is not the chart's."""
    asking = copy(request)
    changed = request.GET.copy()
    changed.pop("format", None)
    asking.GET = changed  # type: ignore[assignment] # nobody else has it, so it may be changed
    return asking


def answer_of(request: HttpRequest, name: str) -> Any:
    """Return what a monitor's own view answers, rendered; views of the site's need not take the name.

    Raises:
        Http404: there is no such monitor.
    """
    view = view_of(name)
    named = {"name": name} if issubclass(view.view_class, MonitorView) else {}
    response = (async_to_sync(view) if iscoroutinefunction(view) else view)(request, **named)
    if hasattr(response, "render") and not getattr(response, "is_rendered", True):
        response = response.render()
    return response


def page_context(request: HttpRequest, question: Question) -> dict[str, Any]:
    """Return what all pages of monitoring have."""
    return {
        "question": question,
        "choices": choices(question),
        "query": question.link(),
        "kiosk": "kiosk" in request.GET,
        "charts_all": request.GET.get("charts") == "all",
        "stats_used": stats_used(),
    }


def stats_used() -> bool:
    """Say whether stats of the core are kept, so that there is something to find."""
    from django_metrics_statsd.monitoring.stats import conf as stats

    return stats.is_used()
