"""Models of monitors, typed in as the docs have them, and the monitors that the pages of the tests show."""

from __future__ import annotations

from datetime import timedelta

from django.db import connections, models

from django_metrics_statsd.monitoring.models import DurationBase, IntegerCountBase, LevelBase, RatioBase
from django_metrics_statsd.monitoring.register import monitor
from django_metrics_statsd.monitoring.thresholds import Threshold
from django_metrics_statsd.monitoring.views import (
    DurationView,
    IntegerCountView,
    LevelView,
    RatioView,
)

LABEL = "watched"


class MonitorUserCount(IntegerCountBase, models.Model):  # noqa: DJ008 - as people write it
    class Meta(IntegerCountBase.Meta):
        app_label = LABEL


class Checkout(DurationBase):
    keep_rows = False
    retention = {"minute": 1, "hour": 30}

    class Meta(DurationBase.Meta):
        app_label = LABEL


class Conversion(RatioBase):
    class Meta(RatioBase.Meta):
        app_label = LABEL


class Queue(LevelBase):
    class Meta(LevelBase.Meta):
        app_label = LABEL


class Signup(IntegerCountBase):
    """Kept as rows alone, as django-monitoring does."""

    keep_rollups = False

    class Meta(IntegerCountBase.Meta):
        app_label = LABEL


MODELS: tuple[type[models.Model], ...] = (MonitorUserCount, Checkout, Conversion, Queue, Signup)


def make_tables(alias: str) -> None:
    """Make the tables of these models, which belong to no installed app."""
    with connections[alias].schema_editor() as editor:
        for model in MODELS:
            editor.create_model(model)


def register_all() -> None:
    """Register a monitor of each kind."""
    monitor.register(
        "user_count", IntegerCountView.as_view(model=MonitorUserCount, category="People", title="New users")
    )
    monitor.register(
        "checkout",
        DurationView.as_view(
            model=Checkout,
            title="Checkout time",
            category="Shop",
            description="From the basket to the thanks.",
            thresholds=[
                Threshold(500, statistic="p95", label="slow"),
                Threshold(10_000, statistic="max", over=timedelta(minutes=15), level="warn"),
            ],
        ),
    )
    monitor.register("conversion", RatioView.as_view(model=Conversion, category="Shop"))
    monitor.register("queue", LevelView.as_view(model=Queue))
    monitor.register("signup", IntegerCountView.as_view(model=Signup, category="People"))


def unregister_all() -> None:
    """Forget all monitors."""
    for name, _view in monitor.get_all():
        monitor.unregister(name)
