"""`make demo`: the site starts from nothing, every page answers, and its stats are right."""

from __future__ import annotations

import re
import signal
import socket
import sqlite3
import subprocess
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from pathlib import Path
from typing import Any

from tests.example.browser import Browser, Page
from tests.example.conftest import Demo, environment, eventually, manage
from tests.services.harness import free_port

Start = Callable[..., Demo]

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)

# path, status, words on the page, the view that made it
PAGES = [
    ("/", 200, "A small bookshop that measures itself", "shop.views.front"),
    ("/books/", 200, "Page 1 of 4", "shop.views.book_list"),
    ("/books/?q=austen", 200, "3 books for", "shop.views.book_list"),
    ("/books/?genre=travel&page=99", 200, "The Innocents Abroad", "shop.views.book_list"),
    ("/books/?q=nothing+like+it", 200, "Not on the shelf", "shop.views.book_list"),
    ("/books/emma/", 200, "Pencil notes", "shop.views.BookDetail"),
    ("/books/emma/", 200, "Pencil notes", "shop.views.BookDetail"),
    ("/books/an-atlas-of-clouds/", 404, "Not on any shelf", "shop.views.BookDetail"),
    ("/boks/", 404, "Not on any shelf", None),
    ("/books.csv", 200, "Emma,Jane Austen,novel,1815,read,3.00", "shop.views.books_csv"),
    ("/wanted/", 200, "Asked for lately", "shop.views.wanted"),
    ("/delivery/", 200, "By bicycle", "shop.views.delivery"),
    ("/opening-hours/", 200, "Saturday", "shop.views.opening_hours"),
    ("/opening-hours/", 200, "Saturday", "shop.views.opening_hours"),
    ("/stocktake/", 200, "Mean price", "shop.views.stocktake"),
    ("/till/", 500, "Something broke on our side", "shop.views.till"),
    ("/admin/login/", 200, "Django administration", None),
]


def walk(browser: Browser) -> list[Page]:
    pages = [browser.get(path) for path, *_ in PAGES]
    for page, (path, status, words, _) in zip(pages, PAGES, strict=True):
        assert (path, page.status) == (path, status)
        assert words in page.text, path
    return pages


def test_every_page_answers_and_is_counted(demo: Demo) -> None:
    before = demo.counts()
    walk(demo.browser)
    statuses = Counter(f"response.{status}" for _, status, *_ in PAGES)
    views = Counter(f"view.{view}.GET" for *_, view in PAGES if view)
    expected = statuses + views + Counter({"view.GET": len(PAGES), "error.tillerror": 1})
    # A stream is counted when the server closes it, which may be after its last line is here.
    assert eventually(lambda: expected.items() <= (demo.counts() - before).items()), demo.counts()


def test_what_the_pages_do_inside_is_counted(demo: Demo) -> None:
    before = demo.counts()
    walk(demo.browser)
    made = demo.counts() - before
    assert made["db.sqlite3.default.execute.select"] >= 20
    assert made["cache.locmem.get"] >= 6
    assert made["cache.locmem.hit"] >= 3  # the second look at the book and at the opening hours
    stats = demo.stats()
    assert stats["cache.locmem.miss"]["count"] >= 3
    assert stats["shop.searches"]["last"] == "nothing like it"
    assert stats["view.shop.views.stocktake.GET"]["last"] > 450
    assert stats["view.shop.views.books_csv.GET"]["last"] > 100  # to the last line


def test_the_summary_is_about_the_last_minute(demo: Demo) -> None:
    walk(demo.browser)
    summary = demo.browser.json("/stats")["summary"]
    assert summary["errors"] >= 1
    assert summary["requests"] >= len(PAGES)
    assert summary["p95"] > 0
    assert 0 < summary["hits"] < 100
    assert len(summary["points"].split()) == 60


def test_the_panels_own_requests_leave_no_stats(demo: Demo) -> None:
    before = demo.counts()
    for _ in range(3):
        assert demo.browser.get("/stats").status == 200
    assert demo.counts() == before


def test_forms_check_what_they_are_given_and_add_a_row(demo: Demo) -> None:
    browser, before = demo.browser, demo.counts()
    assert "form has expired" in browser.post("/wanted/", title="Cranford").text  # no token yet
    browser.get("/wanted/")
    assert "This field is required" in browser.post("/wanted/", title="", author="").text
    assert "on the shelf" in browser.post("/wanted/", title="emma", author="x", most="3").text
    good = {"title": "Cranford <b>", "author": "Elizabeth Gaskell", "most": "7.50"}
    assert browser.post("/wanted/", **good).headers["Location"] == "/wanted/"
    page = browser.get("/wanted/").text
    assert "Cranford &lt;b&gt;" in page
    assert "Thank you" in page
    made = demo.counts() - before
    assert made["view.shop.views.wanted.POST"] == 4
    assert made["shop.wanted.asked"] == 1
    assert demo.stats()["shop.wanted.open"]["last"] >= 1


def test_the_demo_user_keeps_the_shop(demo: Demo) -> None:
    browser, before = demo.browser, demo.counts()
    demo.log_in()
    assert "46 books" in browser.get("/admin/shop/book/").text
    assert (demo.counts() - before)["response.auth.200"] == 1


def test_every_stat_that_the_front_page_names_is_made(demo: Demo) -> None:
    browser = demo.browser
    walk(browser)
    browser.post("/wanted/", title="Erewhon", author="Samuel Butler", most="5")
    demo.log_in()
    browser.get("/admin/shop/wanted/")
    assert browser.get("/watchman/").status == 200
    guide = browser.get("/").text.partition('class="guide"')[2].partition("</table>")[0]
    named = set(re.findall("<code>(.+?)</code>", guide.replace("<wbr>", "")))
    assert len(named) > 15
    assert named <= set(demo.stats())


def test_a_strict_policy_on_every_page_and_nothing_inline(demo: Demo) -> None:
    for page in walk(demo.browser):
        assert page.headers["Content-Security-Policy"] == POLICY
        assert not re.search(r"<script(?![^>]*\ssrc=)|<style|\sstyle=|\son\w+=", page.text)
    for asset, kind in (("panel.js", "javascript"), ("site.css", "css"), ("favicon.svg", "svg")):
        page = demo.browser.get(f"/static/shop/{asset}")
        assert page.status == 200
        assert kind in page.headers["Content-Type"]


def test_visitors_come_by_themselves_and_ctrl_c_ends_it(start: Start) -> None:
    demo = start()
    assert eventually(lambda: demo.counts()["response.200"] >= 10)
    code, seconds = demo.stop(signal.SIGINT)
    assert code == 0
    assert seconds < 5
    assert demo.stderr() == ""


def test_from_nothing_to_the_stats_server_and_a_second_start(start: Start, tmp_path: Path) -> None:
    demo = start("--port", "0", "--no-traffic")
    page = demo.browser.get("/").text
    assert "No stats yet" in page
    assert demo.statsd_url in page
    # Without scripts the table is drawn by the server.
    assert "<code>view.<wbr>shop.<wbr>views.<wbr>front.<wbr>GET<" in demo.browser.get("/").text
    assert demo.browser.get("/till/").status == 500
    code, seconds = demo.stop(signal.SIGTERM)
    assert code == 0
    assert seconds < 5
    assert demo.stderr() == ""
    arrived = demo.datagrams()
    assert {"response.200:2|c", "response.500:1|c", "error.tillerror:1|c"} <= total(arrived)
    assert any(line.startswith("view.shop.views.front.GET:") for line in arrived)

    first = rows(tmp_path)
    assert [len(table) for table in first] == [46, 32, 1]
    port = free_port()
    again = start("--port", str(port), "--no-traffic")
    assert f"http://127.0.0.1:{port}/" in again.greeting
    assert again.browser.get("/").status == 200
    assert rows(tmp_path) == first
    assert again.password != demo.password


def total(lines: list[str]) -> set[str]:
    """Counters as if one flush had sent them all."""
    sums: Counter[str] = Counter()
    for name, value in (line.removesuffix("|c").split(":") for line in lines if line[-2:] == "|c"):
        sums[name] += int(value)
    return {f"{name}:{value}|c" for name, value in sums.items()}


def rows(folder: Path) -> list[list[Any]]:
    with closing(sqlite3.connect(folder / "demo.sqlite3")) as database:
        tables = {"shop_book": "*", "shop_author": "*", "auth_user": "id, username, is_superuser"}
        return [database.execute(f"select {what} from {table}").fetchall() for table, what in tables.items()]


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    env = environment(DEMO_DATABASE=str(folder / "demo.sqlite3"))
    command = manage(*arguments)
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=30, check=False)


def test_a_busy_port_is_said_in_one_line(tmp_path: Path) -> None:
    with socket.socket() as busy:
        busy.bind(("127.0.0.1", 0))
        busy.listen()
        port = busy.getsockname()[1]
        done = run("demo", "--port", str(port), folder=tmp_path)
    assert done.returncode == 1
    assert done.stderr == (
        f"CommandError: Cannot listen on 127.0.0.1:{port}: Address already in use. "
        "Choose another port: make demo PORT=8001\n"
    )


def test_what_is_no_port_is_refused(tmp_path: Path) -> None:
    done = run("demo", "--port=65536", folder=tmp_path)
    assert done.returncode == 2
    assert "a whole number from 0 to 65535" in done.stderr


def test_models_and_migrations_agree_and_checks_pass(tmp_path: Path) -> None:
    assert run("makemigrations", "--check", "--dry-run", folder=tmp_path).returncode == 0
    assert run("check", folder=tmp_path).stderr == ""


def test_under_wsgi_the_price_list_is_a_sync_stream(tmp_path: Path) -> None:
    program = (
        "from shop.management.commands.demo import prepare; prepare(); "
        "from django.test import Client; "
        "response = Client(SERVER_NAME='localhost').get('/books.csv'); "
        "print(response.is_async, len(b''.join(response).splitlines()))"
    )
    assert run("shell", "-c", program, folder=tmp_path).stdout.endswith("False 47\n")


def test_wanted_books_do_not_pile_up(tmp_path: Path) -> None:
    program = (
        "from django.core.management import call_command; call_command('migrate', verbosity=0); "
        "from shop.models import Wanted; "
        "Wanted.objects.bulk_create(Wanted(title=str(n), most=1) for n in range(205)); "
        "Wanted.drop_oldest(); "
        "print(Wanted.objects.count(), Wanted.objects.last().title, Wanted.objects.first().title)"
    )
    assert run("shell", "-c", program, folder=tmp_path).stdout.endswith("200 5 204\n")
