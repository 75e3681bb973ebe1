"""``{% load metrics_statsd %}{% statsd_beacon %}``: makes a page tell how it loaded. And links to our pages.

A page never fails because of these tags: what stands in their way is said once in the log, and they write
nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

from django import template
from django.http import HttpRequest
from django.template import Context
from django.templatetags.static import static
from django.urls import NoReverseMatch, reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString, mark_safe
from django.utils.translation import gettext as _

from django_metrics_statsd.beacon.guards import token_query
from django_metrics_statsd.safety import failed, say_once
from django_metrics_statsd.sections import links

SCRIPT = "django_metrics_statsd/stick.js"
_VIEW = "django_metrics_statsd:record"

T = TypeVar("T")

register = template.Library()


@register.simple_tag(takes_context=True)
def statsd_beacon(
    context: Context, url: str | None = None, vitals: bool = True, sample: float | str | None = None
) -> SafeString:
    """Write the ``<script>`` that sends this page's timings, fit for a strict Content-Security-Policy.

    Args:
        context: the template's; its request, where there is one, gives the nonce and the token's host.
        url: where to send to; by default the view ``record`` of ``django_metrics_statsd.urls``.
        vitals: whether LCP, INP, CLS, FCP and TTFB are sent too.
        sample: the share of pages that send, 0 to 1; by default all.
    """
    return _guarded(lambda: _script(context, url, vitals, sample), mark_safe(""))


@register.simple_tag(takes_context=True)
def statsd_beacon_url(context: Context) -> str:
    """Write the URL that beacons go to, with a token where a guard wants one: for other clients."""
    return _guarded(lambda: _url(context, None) or "", "")


@register.simple_tag(takes_context=True)
def metrics_sections(context: Context) -> SafeString:
    """Write links to the pages of this package that the reader may see, if there are more than this one."""
    return _guarded(lambda: _sections(context), mark_safe(""))


def _sections(context: Context) -> SafeString:
    request = _request(context)
    found = links(request) if request is not None else []
    if not [link for link in found if link.current != "page"]:
        return mark_safe("")
    written = format_html_join(
        "",
        '<a href="{}"{}>{}</a>',
        ((link.url, _attribute("aria-current", link.current), link.title) for link in found),
    )
    return format_html('<nav class="nav no-print" aria-label="{}">{}</nav>', _("Pages"), written)


def _guarded(write: Callable[[], T], nothing: T) -> T:
    try:
        return write()
    except Exception:
        failed("templatetags.metrics_statsd")
        return nothing


def _script(context: Context, url: str | None, vitals: bool, sample: float | str | None) -> SafeString:
    source, target = _source(), _url(context, url)
    if source is None or target is None:
        return mark_safe("")
    return format_html(
        '<script src="{}" async data-url="{}"{}{}{}></script>',
        source,
        target,
        mark_safe(" data-vitals") if vitals else "",
        _attribute("data-sample", _share(sample)),
        _attribute("nonce", _nonce(context)),
    )


def _attribute(name: str, value: str) -> str:
    return format_html(' {}="{}"', name, value) if value else ""


def _source() -> str | None:
    """Return the script's URL, or None if the static files lack it."""
    try:
        source = static(SCRIPT)
    except ValueError as error:
        say_once("statsd_beacon", "statsd_beacon writes nothing: run collectstatic (%s)", error)
        return None
    if source == SCRIPT:
        say_once("statsd_beacon", "statsd_beacon writes nothing: STATIC_URL is not set")
        return None
    return source


def _url(context: Context, url: str | None) -> str | None:
    """Return where to send to, or None if that is not in the URLconf."""
    request = _request(context)
    try:
        target = url or reverse(_VIEW)
    except NoReverseMatch:
        say_once(
            "statsd_beacon",
            "statsd_beacon writes nothing: include django_metrics_statsd.urls in your URLs, or give it url=",
        )
        return None
    token = token_query(request)
    if not token:
        return target
    return f"{target}{'&' if '?' in target else '?'}{token}"


def _request(context: Context) -> HttpRequest | None:
    """Return the request, which a RequestContext has even without its context processor."""
    request = getattr(context, "request", None) or context.get("request")
    return request if isinstance(request, HttpRequest) else None


def _share(sample: float | str | None) -> str:
    """Return a share of 0 to 1 as text, ``""`` for all pages."""
    if sample is None or sample == "":
        return ""
    try:
        share = float(sample)
    except (TypeError, ValueError):
        share = -1.0
    if 0 <= share <= 1:
        return f"{share:g}"
    say_once("statsd_beacon", "statsd_beacon: sample must be from 0 to 1, not %r; all pages send", sample)
    return ""


def _nonce(context: Context) -> str:
    """Return the nonce of the response's policy, or ``""``: of the context, django-csp or Django 6.

    They are lazy, and false until somebody reads them: only reading puts them into the policy.
    """
    request = _request(context)
    for nonce in (context.get("csp_nonce"), getattr(request, "csp_nonce", None), _nonce_of_django(request)):
        if nonce is not None:
            return str(nonce)
    return ""


def _nonce_of_django(request: HttpRequest | None) -> Any:
    try:
        from django.middleware.csp import get_nonce
    except ImportError:  # Django 5.2
        return None
    return get_nonce(request) if request else None
