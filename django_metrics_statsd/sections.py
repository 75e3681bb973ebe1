"""The pages that this package has for people, so that each can link to the others.

An app adds its page when it starts. What is not in the site's URLs, or not for who looks, gets no link.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

from django.http import HttpRequest
from django.urls import NoReverseMatch, reverse


class Section(NamedTuple):
    """A page: its title, its view as `reverse` takes it, and whether who asks may see it."""

    title: Any
    view: Any
    may_see: Callable[[HttpRequest], bool]


class Link(NamedTuple):
    """A link to a page; ``current`` is what ``aria-current`` says."""

    title: Any
    url: str
    current: str


_sections: list[Section] = []


def add(title: Any, view: Any, may_see: Callable[[HttpRequest], bool]) -> None:
    """Add a page, once."""
    section = Section(title, view, may_see)
    if section.view not in [each.view for each in _sections]:
        _sections.append(section)


def links(request: HttpRequest) -> list[Link]:
    """Return links to the pages that who asks may see, in the order of ``INSTALLED_APPS``."""
    found = [(section, url) for section in _sections if (url := _url_of(section)) is not None]
    here = max((url for _, url in found if request.path.startswith(url)), key=len, default="")
    return [
        Link(section.title, url, "" if url != here else "page" if request.path == url else "true")
        for section, url in found
        if request.path == url or section.may_see(request)
    ]


def _url_of(section: Section) -> str | None:
    try:
        return reverse(section.view)
    except NoReverseMatch:
        return None
