"""Whether mail can be sent: by sending one, or by greeting the server only."""

from __future__ import annotations

from dataclasses import dataclass

from django.core.mail import EmailMessage

from django_metrics_statsd.health.checks.base import Check
from django_metrics_statsd.health.conf import conf


@dataclass(kw_only=True)
class Email(Check):
    """Sends a message to ``WATCHMAN_EMAIL_RECIPIENTS``, each time: who is paid for mail is paid for this."""

    name: str = "email"
    timeout: float | None = 10.0

    def run(self) -> None:
        """Send."""
        EmailMessage(
            "django-watchman email check",
            "This is an automated test of the email system.",
            conf.WATCHMAN_EMAIL_SENDER,
            list(conf.WATCHMAN_EMAIL_RECIPIENTS),
            headers={"X-DJANGO-WATCHMAN": "True", **conf.WATCHMAN_EMAIL_HEADERS},
        ).send()
