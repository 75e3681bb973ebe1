"""Reports as OpenMetrics, for Prometheus and what reads its format.

Source: OpenMetrics 1.0.0 (Prometheus project), sections "ABNF" and "StateSet".
"""

from __future__ import annotations

from collections.abc import Iterator

from django_metrics_statsd.health.results import Report, Result, State

CONTENT_TYPE = "application/openmetrics-text; version=1.0.0; charset=utf-8"


def render(report: Report, *, trusted: bool) -> str:
    """Write each result's state, and to the trusted its seconds, with the labels ``check`` and ``part``."""
    lines = [*_states(report)]
    if trusted:
        lines += _durations(report)
    return "\n".join([*lines, "# EOF"]) + "\n"


def _states(report: Report) -> Iterator[str]:
    yield "# TYPE django_health gauge"
    yield "# HELP django_health Whether no check failed or was late."
    yield f"django_health {int(report.good)}"
    yield "# TYPE django_health_check stateset"
    yield "# HELP django_health_check The state of each check."
    for result in report.results:
        for state in State:
            value = int(result.state is state)
            yield f'django_health_check{{{_labels(result)},django_health_check="{state}"}} {value}'


def _durations(report: Report) -> Iterator[str]:
    yield "# TYPE django_health_check_duration_seconds gauge"
    yield "# UNIT django_health_check_duration_seconds seconds"
    yield "# HELP django_health_check_duration_seconds How long each check took."
    for result in report.results:
        seconds = result.duration_ms / 1000
        yield f"django_health_check_duration_seconds{{{_labels(result)}}} {seconds:.6f}"


def _labels(result: Result) -> str:
    return f'check="{_escape(result.check)}",part="{_escape(result.part)}"'


def _escape(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
