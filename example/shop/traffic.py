"""Sample traffic: a few visitors who walk through the shop over real HTTP, a few pages a second.

Each visitor is a thread that rests between two pages, and is another of `people` after some of them.
`Traffic.stop` ends them within a second. They are no browsers, whatever they say, and run no script: the Web
Vitals that they report are made up.
"""

from __future__ import annotations

import json
import random
import threading
from http.client import HTTPException
from http.cookiejar import CookieJar
from typing import TYPE_CHECKING, Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPCookieProcessor, ProxyHandler, Request, build_opener

from . import people

if TYPE_CHECKING:
    from collections.abc import Callable

VISITORS = 4
REST = 0.7  # seconds between two pages of one visitor, on average
REST_OF_SHOPKEEPER = 6.0
STAY = 8  # pages of one person, on average
PATIENCE = 5.0  # seconds to wait for a page

SEARCHES = ("austen", "doyle", "moon", "the", "verne", "darwin", "travels", "atlas of clouds")
GENRES = ("novel", "mystery", "adventure", "science", "travel", "children")
DESK = ("/admin/shop/wanted/", "/admin/shop/book/", "/admin/metrics_hits/event/")
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

    rest = REST

    def __init__(self, url: str, books: list[str], stopping: threading.Event) -> None:
        super().__init__(name="demo visitor", daemon=True)
        self.url, self.books, self.stopping = url, books, stopping
        self.cookies = CookieJar()
        self.opener = build_opener(ProxyHandler({}), HTTPCookieProcessor(self.cookies))
        self.become(people.somebody())

    def become(self, person: people.Person) -> None:
        self.person, self.referer = person, person.referer
        self.cookies.clear()
        # As a proxy would say it; WT_TRUSTED_PROXIES believes this machine.
        self.opener.addheaders = [("User-Agent", person.user_agent), ("X-Forwarded-For", person.address)]

    def run(self) -> None:
        while not self.stopping.wait(random.expovariate(1 / self.rest)):
            self.do_something()

    def do_something(self) -> None:
        if random.random() < 1 / STAY:
            self.become(people.somebody())
        habits, weights = zip(*(HABITS_OF_PROGRAMS if self.person.is_program else HABITS), strict=True)
        random.choices(habits, weights)[0](self)

    def visit(self, path: str, form: dict[str, str] | None = None, method: str = "") -> None:
        """Fetch one page to its end. Errors are what the demo is there to show, so they pass."""
        data = urlencode(form).encode() if form is not None else None
        request = Request(self.url + path, data, method=method or None)
        if self.referer:
            request.add_header("Referer", self.referer)
        self.referer = "" if self.person.is_program else self.url + path
        self.send(request)

    def send(self, request: Request) -> None:
        try:
            with self.opener.open(request, timeout=PATIENCE) as response:
                response.read()
        except HTTPError as error:
            error.close()
        except (OSError, HTTPException):
            self.stopping.wait(1)  # the server is going down, or has been for a moment

    def tell(self, path: str, data: dict[str, Any]) -> None:
        """Send something as a script of a page of the shop's would."""
        headers = {"Content-Type": "text/plain", "Origin": self.url, "Sec-Fetch-Site": "same-origin"}
        self.send(Request(self.url + path, json.dumps(data).encode(), headers))

    def has(self, cookie: str) -> str:
        found = (one.value for one in self.cookies if one.name == cookie)
        return next(found, None) or ""

    def post(self, path: str, to: str = "", **form: str) -> None:
        """Open the page that has the form, and send it."""
        self.visit(path)
        self.visit(to or path, form | {"csrfmiddlewaretoken": self.has("csrftoken")})


class Shopkeeper(Visitor):
    """Logs in, looks at what customers want, mistypes the password now and then, logs out for lunch."""

    rest = REST_OF_SHOPKEEPER

    def __init__(self, url: str, books: list[str], stopping: threading.Event, password: str) -> None:
        super().__init__(url, books, stopping)
        self.password = password
        self.become(people.SHOPKEEPER)

    def run(self) -> None:
        self.do_something()  # the shop opens
        super().run()

    def do_something(self) -> None:
        if not self.has("sessionid"):
            self.log_in(self.password if random.random() < 0.7 else "Lantern1")
        elif random.random() < 0.1:
            self.post("/admin/shop/wanted/", to="/admin/logout/")
        else:
            self.visit(random.choice(DESK))

    def log_in(self, password: str) -> None:
        self.post("/admin/login/", username="demo", password=password, next="/admin/")


def report(visitor: Visitor) -> None:
    """Leave a page, as a browser that ran the beacon's script on it would tell."""
    slow = random.lognormvariate(0, 0.45)
    vitals = {
        "LCP": 1_500 * slow,
        "FCP": 900 * slow,
        "TTFB": 250 * slow,
        "INP": random.lognormvariate(4.6, 0.5),
        "CLS": random.expovariate(25),
    }
    metrics = [{"name": name, "value": round(value, 3)} for name, value in vitals.items()]
    visitor.tell("/services/timing/record", {"client": "vitals", "metrics": metrics})


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


def put_aside(visitor: Visitor) -> None:
    book = random.choice(visitor.books)
    visitor.post(book, to=f"{book}aside/")


def page(path: str, method: str = "GET") -> Callable[[Visitor], None]:
    return lambda visitor: visitor.visit(path, method=method)


Habits = list[tuple["Callable[[Visitor], None]", float]]

HABITS: Habits = [
    (look_at_book, 30),
    (browse, 14),
    (report, 10),
    (page("/"), 10),
    (search, 9),
    (page("/opening-hours/"), 9),
    (page("/delivery/"), 7),
    (pick_genre, 6),
    (page("/stocktake/"), 4),
    (page("/books/an-atlas-of-clouds/"), 3),
    (page("/books.csv"), 2),
    (ask_for_book, 2),
    (put_aside, 2),
    (page("/", "HEAD"), 2),
    (page("/till/"), 1.5),
    (leave_form_empty, 1),
    (page("/boks/"), 1),
]
HABITS_OF_PROGRAMS: Habits = [
    (look_at_book, 10),
    (browse, 5),
    (page("/books.csv"), 2),
    (page("/robots.txt"), 1),
]


class Traffic:
    """All visitors and the shopkeeper: start them, stop them."""

    def __init__(self, url: str, books: list[str], password: str) -> None:
        self.stopping = threading.Event()
        self.visitors = [Visitor(url, books, self.stopping) for _ in range(VISITORS)]
        self.visitors.append(Shopkeeper(url, books, self.stopping, password))

    def start(self) -> None:
        for visitor in self.visitors:
            visitor.start()

    def stop(self) -> None:
        """Ask everybody to leave; whoever still waits for a page is not waited for."""
        self.stopping.set()
        for visitor in self.visitors:
            visitor.join(timeout=1 / len(self.visitors))
