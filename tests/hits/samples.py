"""Records as a site makes them, and odd ones that every road and storage has to bear.

hit(), event(), timing()       one record each; name the fields that matter to the test
hits(1_000)                    realistic hits, spread over time, visitors, views and statuses
mixed(100)                     hits, events and timings, in turn
odd()                          records at the edges of what is valid, by what is odd about them
unencodable()                  records whose texts are no UTF-8: only direct mode can meet them
"""

from __future__ import annotations

import random
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from django_metrics_statsd.hits.ids import Ids, moment
from django_metrics_statsd.hits.records import (
    AGENT,
    NAME,
    NOTES,
    PATH,
    WORD,
    EventRecord,
    Geo,
    HitRecord,
    TimingRecord,
    UserAgent,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from uuid import UUID

    from django_metrics_statsd.hits.records import Record

_given: set[int] = set()

AGENTS = {
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) "
    "Chrome/126.0.0.0 Safari/537.36": UserAgent(
        os="Windows", os_version="10", browser="Chrome", browser_version="126.0.0", device="Other", is_pc=True
    ),
    "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) "
    "Version/17.5 Mobile/15E148 Safari/604.1": UserAgent(
        os="iOS",
        os_version="17.5",
        browser="Mobile Safari",
        browser_version="17.5",
        device="iPhone",
        is_mobile=True,
        is_touch=True,
    ),
    "Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)": UserAgent(
        os="Other", browser="Googlebot", browser_version="2.1", device="Spider", is_bot=True
    ),
    "": None,
}
ROUTES = (
    ("", "/", "shop.views", "front", 200, "OK"),
    ("books/<int:pk>/", "/books/{number}/", "shop.views", "BookView", 200, "OK"),
    ("search/", "/search/", "shop.views", "search", 200, "OK"),
    ("basket/", "/basket/", "shop.basket", "BasketView", 302, "Found"),
    ("", "/wp-login.php", "", "unresolved", 404, "Not Found"),
    ("pay/", "/pay/", "shop.basket", "pay", 500, "Internal Server Error"),
)
ADDRESSES = ("203.0.113.7", "198.51.100.23", "2001:db8:85a3::8a2e:370:7334", "192.0.2.1", "")
GEO = Geo(
    latitude=51.5142,
    longitude=-0.0931,
    postal_code="EC2V",
    country_code="GB",
    country_name="United Kingdom",
    region="England",
    city="London",
)


def _now() -> int:
    return time.time_ns() // 1_000


def _new_id(microseconds: int) -> UUID:
    """An id for a time, also for one before the last; no two samples of this process share a microsecond."""
    while microseconds in _given:
        microseconds += 1
    _given.add(microseconds)
    return Ids()(microseconds)


def _identity(fields: dict[str, Any]) -> dict[str, Any]:
    """The id and time that the fields do not name: of now, or of the time they name."""
    if "time" not in fields:
        fields["time"] = moment(_now())
    if "id" not in fields:
        fields["id"] = _new_id(round(fields["time"].timestamp() * 1_000_000))
    return fields


def hit(**fields: Any) -> HitRecord:
    """One hit; what is not named is an ordinary page of a logged-in visitor."""
    agent = next(iter(AGENTS))
    values: dict[str, Any] = {
        "site": "shop",
        "method": "GET",
        "path": "/books/7/",
        "route": "books/<int:pk>/",
        "module": "shop.views",
        "view": "BookView",
        "status_code": 200,
        "reason_phrase": "OK",
        "request_time": 23.25,
        "doc_size": 48_213,
        "num_queries": 7,
        "queries_time": 4.5,
        "ip": "203.0.113.7",
        "user_agent": agent,
        "referer": "https://shop.example/search/?q=tea",
        "user": "ada",
        "is_authenticated": True,
        "is_staff": False,
        "is_superuser": False,
        "ua": AGENTS[agent],
        "geo": GEO,
    }
    return HitRecord(**{**values, **_identity(fields)})


def event(**fields: Any) -> EventRecord:
    """One event; what is not named is a book that was changed."""
    values: dict[str, Any] = {
        "site": "shop",
        "name": "Dune was changed",
        "event_class": "Book updated",
        "user": "ada",
        "scope": "staff",
        "groups": ("editors", "Éditeurs"),
        "bucket": "catalogue",
        "notes": "price: 10 -> 12",
        "data": {"price": [10, 12], "title": "Dune", "in_print": True, "subtitle": None},
        "url": "/books/7/",
        "admin_url": "/admin/shop/book/7/change/",
        "model": "shop.Book",
        "obj_pk": "7",
        "method": "POST",
        "path": "/books/7/edit/",
        "ip": "203.0.113.7",
    }
    return EventRecord(**{**values, **_identity(fields)})


def timing(**fields: Any) -> TimingRecord:
    """One report of a browser."""
    values: dict[str, Any] = {
        "site": "shop",
        "client": "boomerang",
        "route": "books/<int:pk>/",
        "device": "mobile",
        "country": "GB",
        "connection": "4g",
        "navigation": "navigate",
        "values": {"timing.loadEventEnd": 812.0, "vitals.LCP": 1204.5, "vitals.CLS": 20.0},
    }
    return TimingRecord(**{**values, **_identity(fields)})


def hits(count: int, *, enriched: bool = True, days: float = 1.0, seed: int = 1) -> list[HitRecord]:
    """So many hits of the last `days`, the oldest first; a seed gives the same but for ids and times."""
    dice = random.Random(seed)
    end = _now()
    step = days * 86_400_000_000 / max(1, count)
    return [_visit(dice, int(end - (count - index) * step), enriched) for index in range(count)]


def _visit(dice: random.Random, microseconds: int, enriched: bool) -> HitRecord:
    route, path, module, view, status, reason = dice.choices(ROUTES, (20, 50, 15, 8, 5, 2))[0]
    agent = dice.choices(list(AGENTS), (50, 30, 15, 5))[0]
    ip = dice.choice(ADDRESSES)
    queries = dice.randrange(30)
    user = f"user{dice.randrange(200)}" if dice.random() < 0.3 else ""
    return hit(
        time=moment(microseconds),
        path=path.format(number=dice.randrange(10_000)),
        route=route,
        module=module,
        view=view,
        status_code=status,
        reason_phrase=reason,
        request_time=round(dice.lognormvariate(3, 1), 3),
        doc_size=dice.randrange(100_000),
        num_queries=queries,
        queries_time=round(queries * dice.random(), 3),
        ip=ip,
        user_agent=agent,
        referer=dice.choice(("", "https://shop.example/", "https://search.example/?q=books")),
        user=user,
        is_authenticated=bool(user),
        ua=AGENTS[agent] if enriched else None,
        geo=GEO if enriched and ip else None,
    )


def mixed(count: int, **fields: Any) -> list[Record]:
    """Hits, events and timings in turn; the fields (such as `site`) go to all."""
    makers = (hit, event, timing)
    return [makers[index % 3](**dict(fields)) for index in range(count)]


def odd() -> dict[str, Record]:
    """Valid records at the edges, by what is odd about them. Every road and storage must take them all."""
    return {**dict(_odd_hits()), **dict(_odd_events()), **dict(_odd_timings())}


def _odd_hits() -> Iterator[tuple[str, Record]]:
    yield "accents and other scripts", hit(path="/café/書/книга/", user="Жанна", view="Überblick")
    yield "emoji", hit(user_agent="🦊 browser", referer="https://x.example/🍵", user="👩‍👩‍👧")
    yield "a NUL", hit(user_agent="sqlmap\0", path="/%00\0/", user="\0")
    yield (
        "what COPY and line protocols give a meaning",
        hit(
            path="/a\\b\tc\nd\re,f=g h\"i'j",
            user_agent="\\N",
            referer="\\.",
            user="\x02",
            reason_phrase="\b\f\v",
        ),
    )
    yield "separators beyond ASCII", hit(path="/a\u2028b\u2029c\x85d\x1fe\ufeff", user_agent="\ufffe\uffff")
    yield (
        "the longest texts",
        hit(
            path="/" + "p" * (PATH - 1),
            user_agent="a" * AGENT,
            referer="r" * PATH,
            user="u" * NAME,
            route="r" * NAME,
            module="m" * NAME,
            view="v" * NAME,
            reason_phrase="e" * NAME,
            method="M" * WORD,
            site="s" * WORD,
        ),
    )
    yield (
        "the longest texts of the widest characters",
        hit(path="🍵" * PATH, user_agent="🍵" * AGENT, user="🍵" * NAME, view="🍵" * NAME),
    )
    yield (
        "the largest numbers",
        hit(status_code=999, request_time=1e12, queries_time=1e12, doc_size=2**63 - 1, num_queries=2**63 - 1),
    )
    yield (
        "nothing but noughts",
        hit(status_code=0, request_time=0.0, doc_size=0, num_queries=0, queries_time=0.0),
    )
    yield "a very short time", hit(request_time=5e-324, queries_time=1e-07)
    yield "IPv6", hit(ip="2001:db8::1")
    yield "IPv4 within IPv6", hit(ip="::ffff:203.0.113.9")
    yield "no address", hit(ip="", geo=None)
    yield "neither user agent nor place", hit(user_agent="", ua=None, geo=None, referer="", user="")
    yield "a place without coordinates", hit(geo=Geo(country_code="AQ", country_name="Antarctica"))
    yield "a place on both lines", hit(geo=Geo(latitude=0.0, longitude=-0.0))
    yield "the first moment of 1970", hit(time=moment(0), id=_new_id(_now()))
    yield "a time without a fraction", hit(time=moment(_now() // 1_000_000 * 1_000_000))
    yield "a time in the future", hit(time=moment(_now()) + timedelta(days=1), id=_new_id(_now()))


def _odd_events() -> Iterator[tuple[str, Record]]:
    yield "an event with all left out", EventRecord(**_identity({}), site="shop", name="")
    yield (
        "an event with odd data",
        event(
            data={"": [], "日本": {"deep": [{"er": [1.5, -1, 2**62, 1e-07]}]}, "quote": "'\"\\", "tab": "\t"}
        ),
    )
    yield "an event with a NUL in its data", event(data={"a\0b": ["c\0d"], "escaped": "\\u0000"}, notes="\0")
    yield "an event with the longest notes", event(notes="🍵" * NOTES, name="n" * NAME, url="u" * PATH)
    yield "an event with odd groups", event(groups=("a,b", "c'd\"e", "f g", "🍵"))
    yield "an event without an address", event(ip="", groups=())


def _odd_timings() -> Iterator[tuple[str, Record]]:
    yield "a timing with all left out", TimingRecord(**_identity({}), site="shop", client="stick")
    yield "a timing with odd values", timing(values={"timing.é": 0.0, "x y,z=1": 1e12, "vitals.CLS": 5e-324})
    yield "a timing with the longest texts", timing(route="r" * NAME, device="🍵" * WORD)


def unencodable() -> dict[str, Record]:
    """Records with texts that UTF-8 cannot hold. `pack` cannot carry them; a storage may meet them direct."""
    return {
        "a hit with lone surrogates": hit(path="/\ud800/", user_agent="x\udcffy", user="\udfff"),
        "an event with lone surrogates": event(
            data={"a\ud800": ["\udfff"]}, notes="\udc80", groups=("\ud800",)
        ),
        "a timing with lone surrogates": timing(values={"a\ud800": 1.0}, route="\udc80"),
    }
