"""Takes secrets out of what drivers and libraries say in their errors."""

from __future__ import annotations

import re

from django_metrics_statsd.health.conf import secrets

_PASSWORD_IN_URL = re.compile(r"(://[^\s:/@]*):[^\s/]*@")
_PASSWORD_IN_DSN = re.compile(
    r"(?i)\b(password|passwd|pwd|token|secret|api_?key)(['\"]?\s*[=:]\s*)('[^']*'|\"[^\"]*\"|[^\s,;&)]+)"
)
MASK = "********"


def scrub(text: str) -> str:
    """Return `text` without passwords in URLs and connection strings, and without the project's secrets."""
    for secret in secrets():
        text = text.replace(secret, MASK)
    text = _PASSWORD_IN_URL.sub(rf"\1:{MASK}@", text)
    return _PASSWORD_IN_DSN.sub(rf"\1\2{MASK}", text)
