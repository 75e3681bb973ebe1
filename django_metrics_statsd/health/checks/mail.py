"""Whether mail can be sent: by sending one, or by greeting the server only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.core import mail
from django.core.mail import EmailMessage
from django.core.mail.backends.smtp import EmailBackend

from django_metrics_statsd.health.checks.base import Check, Fail, Skip
from django_metrics_statsd.health.conf import conf


@dataclass(kw_only=True)
class Email(Check):
    """Sends a message to ``WATCHMAN_EMAIL_RECIPIENTS``: who is paid for mail is paid for this.

    However often it is asked, and a page that stays open asks often, a process sends one in five minutes.
    """

    name: str = "email"
    timeout: float | None = 10.0
    at_most_every: float = 300.0

    def run(self) -> None:
        """Send."""
        EmailMessage(
            "django-watchman email check",
            "This is an automated test of the email system.",
            conf.WATCHMAN_EMAIL_SENDER,
            list(conf.WATCHMAN_EMAIL_RECIPIENTS),
            headers={"X-DJANGO-WATCHMAN": "True", **conf.WATCHMAN_EMAIL_HEADERS},
        ).send()


@dataclass(kw_only=True)
class Smtp(Check):
    """Connects to the mail server, says hello, starts TLS and logs in as the settings say; sends nothing.

    Attributes:
        patience: seconds to wait for the connection, and for each answer.
    """

    name: str = "smtp"
    patience: float = 3.0

    def run(self) -> dict[str, Any]:
        """Connect, and take leave."""
        backend = _backend()
        if not isinstance(backend, EmailBackend):
            raise Skip(f"Mail goes through {type(backend).__module__}, which is not SMTP.")
        backend.timeout = self.patience
        try:
            found = _greet(backend)
        except BaseException:
            _hang_up(backend)
            raise
        backend.close()
        return found


def _backend() -> Any:
    """Return a new backend of the settings: Django 6.1 has mailers."""
    mailers = getattr(mail, "mailers", None)
    return mail.get_connection() if mailers is None else mailers["default"]


def _hang_up(backend: Any) -> None:
    """Close the socket, without a QUIT for who may not answer that either."""
    for server in (backend.connection, getattr(backend, "_partial_connection", None)):
        if server is not None:
            server.close()


def _greet(backend: EmailBackend) -> dict[str, Any]:
    backend.open()
    server = backend.connection
    if server is None:
        raise Fail("The mail server could not be reached.")
    server.ehlo_or_helo_if_needed()
    code, answer = server.noop()
    if code != 250:
        raise Fail(f"The mail server answered {code} {answer.decode('utf-8', 'replace')}.", code=code)
    return {"tls": bool(backend.use_tls or backend.use_ssl)}
