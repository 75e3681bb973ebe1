"""`manage.py demo`: set the bookshop up, serve it, and send visitors through it."""

from __future__ import annotations

import asyncio
import signal
import socket
from argparse import ArgumentParser, ArgumentTypeError
from contextlib import closing, contextmanager, nullcontext, suppress
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.management import BaseCommand, CommandError, call_command
from django.db import connections
from django.utils.crypto import get_random_string

from django_metrics_statsd.decorators import muted
from shop import catalogue, look
from shop.models import Book
from shop.traffic import Traffic

if TYPE_CHECKING:
    from collections.abc import Iterator

HOST = "127.0.0.1"  # and nothing else: whoever reaches the site may look into its admin


class Command(BaseCommand):
    help = "Set up the bookshop, serve it on 127.0.0.1 and send sample traffic through it."

    def add_arguments(self, parser: ArgumentParser) -> None:
        parser.add_argument("--port", type=port, default=8000, help="0 takes any free port")
        parser.add_argument("--no-traffic", action="store_false", dest="traffic")

    def handle(self, *, port: int, traffic: bool, **options: Any) -> None:
        if find_spec("uvicorn") is None:
            raise CommandError("uvicorn is missing: pip install 'django-metrics-statsd[all]'")
        signal.signal(signal.SIGTERM, signal.default_int_handler)  # the same way out as Ctrl-C
        with suppress(KeyboardInterrupt), closing(listen(port)) as listener:
            with muted():  # what setting up costs says nothing about the site
                books, password = prepare(), new_password()
            look.open_to_this_machine()
            url = f"http://{HOST}:{listener.getsockname()[1]}"
            self.stdout.write(
                f"Bookshop at {url}/ (admin: {look.USER}, {password}). "
                f"Stats go to {settings.STATSD_URL}. Ctrl-C stops it."
            )
            self.stdout.flush()
            with visitors(url, books, password) if traffic else nullcontext():
                serve(listener)


def port(text: str) -> int:
    with suppress(ValueError):
        if 0 <= int(text) <= 65535:
            return int(text)
    raise ArgumentTypeError(f"{text!r} is no port: a whole number from 0 to 65535 is")


def listen(port: int) -> socket.socket:
    """Take the port before anything else is done, so that a busy one is said at once."""
    listener = socket.socket()
    listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        listener.bind((HOST, port))
        listener.listen()
    except OSError as error:
        listener.close()
        raise CommandError(
            f"Cannot listen on {HOST}:{port}: {error.strerror}. Choose another port: make demo PORT=8001"
        ) from None
    return listener


def prepare() -> list[str]:
    """Make the tables and the books where they are missing; return the books' paths."""
    for database in connections:
        call_command("migrate", database=database, verbosity=0, interactive=False)
    catalogue.load()
    return [book.get_absolute_url() for book in Book.objects.all()]


def new_password() -> str:
    """Give the demo user another password at each start, so that no copy of this site has a known one."""
    password = get_random_string(12)
    user, _ = get_user_model()._default_manager.get_or_create(
        username=look.USER, defaults={"is_staff": True, "is_superuser": True}
    )
    user.set_password(password)
    user.save()
    return password


@contextmanager
def visitors(url: str, books: list[str], password: str) -> Iterator[None]:
    traffic = Traffic(url, books, password)
    traffic.start()
    try:
        yield
    finally:
        traffic.stop()


def serve(listener: socket.socket) -> None:
    """Serve until SIGINT or SIGTERM; requests under way have two seconds to end."""
    import uvicorn
    from bookshop.asgi import application

    config = uvicorn.Config(
        application,
        log_config=None,
        access_log=False,
        lifespan="off",
        ws="none",
        timeout_graceful_shutdown=2,
    )
    asyncio.run(uvicorn.Server(config).serve([listener]))
