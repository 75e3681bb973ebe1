"""The pages that this package has for people, so that each can link to the others.

An app adds its page when it starts. What is not in the site's URLs, or not for who looks, gets no link.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.urls import NoReverseMatch


class Section(NamedTuple):
    """A page: its title, its URL (raises NoReverseMatch without one), and whether who asks may see it."""

    title: Any
    url: Callable[[], str]
    may_see: Callable[[HttpRequest], bool]


class Link(NamedTuple):
    """A link to a page; ``current`` is what ``aria-current`` says."""

    title: Any
    url: str
    current: str


_sections: dict[str, Section] = {}


def add(app: str, title: Any, url: Callable[[], str], may_see: Callable[[HttpRequest], bool]) -> None:
    """Add the page of an app. Both functions may import what an app should not at its start."""
    _sections[app] = Section(title, url, may_see)


def links(request: HttpRequest) -> list[Link]:
    """Return links to the pages that who asks may see, in the order of ``INSTALLED_APPS``."""
    found = [(section, url) for section in _sections.values() if (url := _url_of(section)) is not None]
    here = max((url for _, url in found if request.path.startswith(url)), key=len, default="")
    return [
        Link(section.title, url, "" if url != here else "page" if request.path == url else "true")
        for section, url in found
        if request.path == url or section.may_see(request)
    ]


def _url_of(section: Section) -> str | None:
    try:
        return section.url()
    except NoReverseMatch:
        return None
