"""What is checked by default, to add to: ``WATCHMAN_CHECKS = DEFAULT_CHECKS + ("shop.checks.stock",)``."""

from __future__ import annotations

from typing import Final

_CHECKS: Final = "django_metrics_statsd.health.checks."
DEFAULT_CHECKS: Final = (f"{_CHECKS}caches", f"{_CHECKS}databases", f"{_CHECKS}storage")
#: What costs something each time.
PAID_CHECKS: Final = (f"{_CHECKS}email",)
