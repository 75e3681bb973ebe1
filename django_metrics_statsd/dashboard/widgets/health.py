"""The site's health checks, as names and states."""

from __future__ import annotations

from collections import Counter
from datetime import datetime
from typing import Any

from django.utils.translation import gettext_lazy as _

from django_metrics_statsd.dashboard.widgets import needing
from django_metrics_statsd.dashboard.widgets.base import KeepingWidget

#: Lines that the tile has.
MOST = 9


class Health(KeepingWidget):
    """Each check of ``WATCHMAN_CHECKS`` with its state; no errors, as a dashboard may hang on a wall."""

    template_name = "metrics_dashboard/widgets/health.html"
    title = _("Health")
    sizey = 2
    sources = (needing.health,)

    def look(self, now: datetime) -> dict[str, Any]:
        """Run the checks, or take what others have just found."""
        from django_metrics_statsd.health import runner
        from django_metrics_statsd.health.checks import Email
        from django_metrics_statsd.health.loading import loaded
        from django_metrics_statsd.health.results import State

        # A message every ten seconds would be one too many.
        checks = [named.check for named in loaded.now.all if not isinstance(named.check, Email)]
        report = runner.run(checks)
        rows = [[result.name, str(result.state)] for result in report.results]
        rows.sort(key=lambda row: row[1] == State.OK)  # what is not well is never left out before what is
        return {"rows": rows[:MOST], "more": _counts(rows[MOST:]), "state": str(report.state)}


def _counts(rows: list[list[str]]) -> list[list[Any]]:
    """Return how many rows are of each state."""
    return [list(each) for each in Counter(state for _, state in rows).most_common()]
