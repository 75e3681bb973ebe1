"""How values are shown."""

from __future__ import annotations

import json
from datetime import datetime
from typing import Any
from urllib.parse import urlsplit

from django.utils import timezone
from django.utils.html import format_html
from django.utils.safestring import SafeString

#: Characters of a path in the list.
SHOWN = 60
_STATUS = {2: "good", 3: "moved", 4: "bad", 5: "worse"}


def clock(moment: datetime, exact: str = "seconds") -> str:
    """Return a time in the current time zone, to the second or as ``isoformat`` names it.

    Where it is more exact, the offset from UTC is with it.
    """
    local = timezone.localtime(moment) if timezone.is_aware(moment) else moment
    return f"{local:%Y-%m-%d %H:%M:%S}" if exact == "seconds" else local.isoformat(" ", exact)


def cut(text: str) -> SafeString:
    """Return a text of at most `SHOWN` characters; pointing at it shows all of it."""
    if len(text) <= SHOWN:
        return format_html("{}", text)
    return format_html('<span title="{}">{}…</span>', text, text[: SHOWN - 1])


def status(code: int, reason: str) -> SafeString:
    """Return a status with a colour that says no more than the words do."""
    kind = _STATUS.get(code // 100, "odd")
    words = f"{code} {reason}".strip()
    return format_html('<span class="metrics-hits-status metrics-hits-{}">{}</span>', kind, words)


def milliseconds(value: float) -> str:
    """Return a time with its unit."""
    return f"{value / 1_000:,.2f} s" if value >= 1_000 else f"{value:.1f} ms"


def pretty(data: Any) -> SafeString:
    """Return JSON data on several lines."""
    text = json.dumps(data, indent=2, ensure_ascii=False, sort_keys=True, default=str)
    return format_html('<pre class="metrics-hits-data">{}</pre>', text)


def is_safe(url: str) -> bool:
    """Return whether following this URL opens a page, on this site or by HTTP, and does nothing else.

    Browsers take ``\\`` for ``/``, and leave out tabs and line feeds before they read the scheme
    (url.spec.whatwg.org, "URL parsing").
    """
    if "\\" in url or any(ord(each) <= 32 or ord(each) == 127 for each in url):
        return False
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    if parts.scheme or parts.netloc:
        return parts.scheme in {"http", "https"} and bool(parts.netloc)
    return url.startswith("/")


def link(url: str) -> SafeString | str:
    """Return a link, or the mere text where it is not safe to follow."""
    if not is_safe(url):
        return url
    return format_html('<a href="{}" rel="noopener noreferrer">{}</a>', url, url)
