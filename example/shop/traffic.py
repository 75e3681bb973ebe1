"""Sample traffic: a few visitors who walk through the shop over real HTTP, a few pages a second.

Each visitor is a thread that rests between two pages. `Traffic.stop` ends them within a second. They are
no browsers: they run no script and send no beacons, so what browsers report comes from real ones alone.
"""

from __future__ import annotations

import random
import threading
from http.client import HTTPException
from http.cookiejar import CookieJar
from typing import TYPE_CHECKING
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, ProxyHandler, Request, build_opener

if TYPE_CHECKING:
    from collections.abc import Callable

VISITORS = 4
REST = 0.7  # seconds between two pages of one visitor, on average
PATIENCE = 5.0  # seconds to wait for a page

USER_AGENT = "bookshop-demo-visitor"

SEARCHES = ("austen", "doyle", "moon", "the", "verne", "darwin", "travels", "atlas of clouds")
GENRES = ("novel", "mystery", "adventure", "science", "travel", "children")
WISHES = (
    ("A Room with a View", "E. M. Forster"),
    ("The Scarlet Pimpernel", "Baroness Orczy"),
    ("Cranford", "Elizabeth Gaskell"),
    ("The Time Machine", "H. G. Wells"),
    ("Erewhon", "Samuel Butler"),
    ("Emma", "Jane Austen"),  # on the shelf already, so the form refuses it
)


class Visitor(threading.Thread):
    """Somebody with a browser: follows links, keeps cookies, sometimes mistypes an address."""

    def __init__(self, url: str, books: list[str], stopping: threading.Event) -> None:
        super().__init__(name="demo visitor", daemon=True)
        self.url, self.books, self.stopping = url, books, stopping
        self.cookies = CookieJar()
        self.opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(self.cookies))
        self.opener.addheaders = [("User-Agent", USER_AGENT)]

    def run(self) -> None:
        habits, weights = zip(*HABITS, strict=True)
        while not self.stopping.wait(random.expovariate(1 / REST)):
            random.choices(habits, weights)[0](self)

    def visit(self, path: str, form: dict[str, str] | None = None, method: str = "") -> None:
        """Fetch one page to its end. Errors are what the demo is there to show, so they pass."""
        data = urlencode(form).encode() if form is not None else None
        request = Request(self.url + path, data, method=method or None)
        try:
            with self.opener.open(request, timeout=PATIENCE) as response:
                response.read()
        except HTTPError as error:
            error.close()
        except (OSError, HTTPException):
            self.stopping.wait(1)  # the server is going down, or has been for a moment

    def token(self) -> str:
        found = (cookie.value for cookie in self.cookies if cookie.name == "csrftoken")
        return next(found, None) or ""

    def post(self, path: str, **form: str) -> None:
        self.visit(path)
        self.visit(path, form | {"csrfmiddlewaretoken": self.token()})


def browse(visitor: Visitor) -> None:
    visitor.visit(f"/books/?page={random.randint(1, 4)}")


def search(visitor: Visitor) -> None:
    visitor.visit("/books/?" + urlencode({"q": random.choice(SEARCHES)}))


def pick_genre(visitor: Visitor) -> None:
    visitor.visit("/books/?" + urlencode({"genre": random.choice(GENRES)}))


def look_at_book(visitor: Visitor) -> None:
    """Some books are asked for far more often than others."""
    place = int(random.expovariate(8 / len(visitor.books)))
    visitor.visit(visitor.books[place % len(visitor.books)])


def ask_for_book(visitor: Visitor) -> None:
    title, author = random.choice(WISHES)
    visitor.post("/wanted/", title=title, author=author, most=f"{random.randint(2, 30)}.50")


def leave_form_empty(visitor: Visitor) -> None:
    visitor.post("/wanted/", title="", author="", most="")


def keep_shop(visitor: Visitor) -> None:
    """Log in to the admin, unless done already, and look at the wanted books."""
    if not any(cookie.name == "sessionid" for cookie in visitor.cookies):
        visitor.post("/admin/login/", username="demo", password="demo", next="/admin/")
    visitor.visit("/admin/shop/wanted/")


def page(path: str, method: str = "GET") -> Callable[[Visitor], None]:
    return lambda visitor: visitor.visit(path, method=method)


HABITS: list[tuple[Callable[[Visitor], None], float]] = [
    (look_at_book, 30),
    (browse, 14),
    (page("/"), 10),
    (search, 9),
    (page("/opening-hours/"), 9),
    (page("/delivery/"), 7),
    (pick_genre, 6),
    (page("/stocktake/"), 4),
    (page("/books/an-atlas-of-clouds/"), 3),
    (page("/books.csv"), 2),
    (ask_for_book, 2),
    (page("/", "HEAD"), 2),
    (page("/till/"), 1.5),
    (keep_shop, 1.5),
    (leave_form_empty, 1),
    (page("/boks/"), 1),
]


class Traffic:
    """All visitors: start them, stop them."""

    def __init__(self, url: str, books: list[str]) -> None:
        self.stopping = threading.Event()
        self.visitors = [Visitor(url, books, self.stopping) for _ in range(VISITORS)]

    def start(self) -> None:
        for visitor in self.visitors:
            visitor.start()

    def stop(self) -> None:
        """Ask everybody to leave; whoever still waits for a page is not waited for."""
        self.stopping.set()
        for visitor in self.visitors:
            visitor.join(timeout=1 / VISITORS)
