"""A browser of a few lines: a connection for each page, cookies, forms."""

from __future__ import annotations

import http.client
import json
from contextlib import closing
from http.cookies import SimpleCookie
from typing import Any, NamedTuple
from urllib.parse import urlencode


class Page(NamedTuple):
    status: int
    headers: http.client.HTTPMessage
    text: str


class Browser:
    def __init__(self, address: str) -> None:
        self.address = address
        self.cookies: dict[str, str] = {}

    def ask(self, method: str, path: str, body: str | None = None, **more: str) -> Page:
        """Send a request; `more` are further headers, with ``_`` for ``-``."""
        headers = {name.replace("_", "-"): value for name, value in more.items()} | {
            "Cookie": "; ".join(f"{name}={value}" for name, value in self.cookies.items())
        }
        if body is not None:
            headers.setdefault("Content-Type", "application/x-www-form-urlencoded")
        with closing(http.client.HTTPConnection(self.address, timeout=10)) as connection:
            connection.request(method, path, body, headers)
            response = connection.getresponse()
            self.keep(response.headers.get_all("Set-Cookie", []))
            return Page(response.status, response.headers, response.read().decode())

    def keep(self, cookies: list[str]) -> None:
        for line in cookies:
            self.cookies |= {name: one.value for name, one in SimpleCookie(line).items()}

    def get(self, path: str) -> Page:
        return self.ask("GET", path)

    def post(self, path: str, **form: str) -> Page:
        token = {"csrfmiddlewaretoken": self.cookies.get("csrftoken", "")}
        return self.ask("POST", path, urlencode(form | token))

    def report(self, body: str, **headers: str) -> Page:
        """Send a beacon, as a page of the site would."""
        return self.ask("POST", "/services/timing/record", body, Sec_Fetch_Site="same-origin", **headers)

    def json(self, path: str) -> Any:
        return json.loads(self.get(path).text)
