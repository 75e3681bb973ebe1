"""Models with what events look for: users, names, addresses, and methods that ask the database."""

from __future__ import annotations

from typing import Any, ClassVar

from django.conf import settings
from django.db import models
from django.utils.timezone import now


class Book(models.Model):
    title = models.CharField(max_length=300)
    user = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return f"/books/{self.pk}/"


class Rare(Book):
    class Meta:
        proxy = True


class Note(models.Model):  # noqa: DJ008
    """Was made at a time, and has an editor and no name."""

    created = models.DateTimeField(default=now)
    editor = models.ForeignKey(settings.AUTH_USER_MODEL, models.CASCADE, null=True, related_name="+")

    def get_absolute_url(self) -> str:
        return "/notes/ordinary/"

    def get_event_object_url(self) -> str:
        return "/notes/special/"


class Review(models.Model):
    """Asks for its book whenever it is asked something."""

    book = models.ForeignKey(Book, models.CASCADE)
    title = models.CharField(max_length=100, default="a review")

    def __str__(self) -> str:
        return f"on {self.book.title}"

    def get_absolute_url(self) -> str:
        return f"{self.book.get_absolute_url()}reviews/"

    @property
    def user(self) -> Any:
        return self.book.user


class Ticket(models.Model):  # noqa: DJ008
    """Has a relation called ``event``, which is no method."""

    event = models.ForeignKey(Book, models.CASCADE)


class Order(models.Model):  # noqa: DJ008
    """Has a method called ``event``; each test puts what it does into ``answer``."""

    total = models.IntegerField(default=0)
    answer: ClassVar[Any] = None
    asked: ClassVar[list[str]] = []

    def event(self, evt: Any, op: str) -> Any:
        self.asked.append(op)
        return type(self).answer(self, evt, op)
