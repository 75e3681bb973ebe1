"""CSV and JSON of what a chart shows."""

from __future__ import annotations

import csv
import math
from io import StringIO
from typing import Any

from django.http import HttpResponse, JsonResponse
from django.utils.text import get_valid_filename

from django_metrics_statsd.monitoring.views.pictures import Picture

#: What a spreadsheet may take for a formula (OWASP, "CSV Injection").
_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")


def cell(text: str) -> str:
    """Return a text for CSV; one that a spreadsheet would take for a formula gets a quote before it."""
    return "'" + text if text.startswith(_FORMULA) else text


def as_csv(picture: Picture) -> HttpResponse:
    """Return a row for each moment, the lines' labels first."""
    out = StringIO()
    writer = csv.writer(out)
    writer.writerow(["time", *(cell(line.label) for line in picture.lines)])
    for index, start in enumerate(picture.starts):
        writer.writerow([picture.moment(start), *(_plain(line.values[index]) for line in picture.lines)])
    response = HttpResponse(out.getvalue(), content_type="text/csv; charset=utf-8")
    return _named(response, picture, "csv")


def as_json(picture: Picture) -> HttpResponse:
    """Return ``{"name", "title", "unit", "step", "time_zone", "from", "to", "series", "annotations"}``.

    ``series`` is a list of ``{"label", "compare", "points": [[time, value or null], …]}``.
    """
    times = [picture.moment(start) for start in picture.starts]
    found: dict[str, Any] = {
        "name": picture.name,
        "title": picture.title,
        "unit": picture.unit,
        "step": picture.question.step,
        "time_zone": picture.question.zone_name,
        "from": picture.moment(picture.question.start),
        "to": picture.moment(picture.question.end),
        "series": [
            {
                "label": line.label,
                "compare": line.compare,
                "points": [[time, _plain(value)] for time, value in zip(times, line.values, strict=True)],
            }
            for line in picture.lines
        ],
        "annotations": [{"time": picture.moment(moment), "text": text} for moment, text in picture.marks],
    }
    return _named(JsonResponse(found), picture, "json")


def _plain(value: float | None) -> float | int | None:
    """Return a whole number as such, and nothing for what is no number."""
    if value is None or not math.isfinite(value):
        return None
    return int(value) if value == int(value) and abs(value) < 2**53 else value


def _named(response: HttpResponse, picture: Picture, kind: str) -> HttpResponse:
    name = get_valid_filename(f"{picture.name}.{kind}")
    response.headers["Content-Disposition"] = f'attachment; filename="{name}"'
    response.headers["X-Content-Type-Options"] = "nosniff"
    return response
