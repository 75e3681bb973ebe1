"""Reports as plain text, a line for each result: for people with a terminal, and for probes' logs."""

from __future__ import annotations

from django_metrics_statsd.health.results import Report, Result

CONTENT_TYPE = "text/plain; charset=utf-8"


def render(report: Report, *, trusted: bool) -> str:
    """Write ``ok``, below it ``databases.default: ok`` and so on; for the trusted with times and messages."""
    lines = [str(report.state), *(_line(result, trusted=trusted) for result in report.results)]
    return "\n".join(lines) + "\n"


def _line(result: Result, *, trusted: bool) -> str:
    line = f"{result.name}: {result.state}"
    if not trusted:
        return line
    said = f"  {result.message}" if result.message else ""
    return f"{line}  {result.duration_ms:g} ms{said}"
