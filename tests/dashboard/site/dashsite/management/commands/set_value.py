"""``set_value NAME VALUE``: what another process, on another machine, would do to a widget."""

from __future__ import annotations

import time
from typing import Any

from django.core.management.base import BaseCommand

from django_metrics_statsd.dashboard.widget_pool import dashboard_widget_pool


class Command(BaseCommand):
    def add_arguments(self, parser: Any) -> None:
        parser.add_argument("name")
        parser.add_argument("value", type=int)

    def handle(self, *args: Any, **options: Any) -> None:
        widget = dashboard_widget_pool.get_widget(options["name"])
        began = time.time()
        widget.save_setting("value", options["value"])
        widget.send_update()
        self.stdout.write(str(began))
