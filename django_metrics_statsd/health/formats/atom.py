"""Changes of state as an Atom feed (RFC 4287), for feed readers and status pages."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from hashlib import blake2s

from django.utils.feedgenerator import Atom1Feed
from django.utils.html import escape

from django_metrics_statsd.health.history import Change

#: A feed has to have one (RFC 4287, 4.1.1).
AUTHOR = "Health checks"
CONTENT_TYPE = "application/atom+xml; charset=utf-8"


def render(changes: Iterable[Change], link: str, *, trusted: bool) -> str:
    """Write an entry for each change, latest first; `link` is the address of the status."""
    feed = Atom1Feed(
        "Health",
        link=link,
        description="",
        feed_guid=_urn(link),
        author_name=AUTHOR,
        feed_url=f"{link}?format=atom",
    )
    for change in sorted(changes, key=lambda change: change.at, reverse=True):
        at = datetime.fromtimestamp(change.at, UTC)
        feed.add_item(
            f"{change.name}: {change.state}",
            link=link,
            description=escape(change.message) if trusted else "",  # readers take it for HTML
            unique_id=_urn(link, change.name, change.state, f"{change.at:.3f}"),
            pubdate=at,
            updateddate=at,
        )
    return str(feed.writeString("utf-8"))


def _urn(*parts: str) -> str:
    """Return an id that stays the same for the same change (RFC 4287, 4.2.6)."""
    return "urn:x-health:" + blake2s("\n".join(parts).encode(), digest_size=16).hexdigest()
