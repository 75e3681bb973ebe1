"""The tables of monitoring itself: rollups, annotations, and the order in which a user has the charts."""

from __future__ import annotations

from hashlib import blake2b

from django.db import models
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from django_metrics_statsd.monitoring.bases import SERIES
from django_metrics_statsd.monitoring.conf import user_model
from django_metrics_statsd.monitoring.rollups.buckets import DAY, HOUR, MINUTE


def key_of(monitor: str, name: str) -> str:
    """Return 32 hexadecimal digits that stand for a monitor's series, the same in any collation."""
    return blake2b(f"{monitor}\0{name}".encode(), digest_size=16).hexdigest()


RESOLUTIONS = ((MINUTE, _("minute")), (HOUR, _("hour")), (DAY, _("day")))


class Series(models.Model):
    """One series of a model; the one without a name has an empty one.

    ``monitor`` is the model's label, ``shop.monitorusercount``. ``key`` stands for both (`key_of`), as many a
    collation of MariaDB and MySQL takes "Mobile" for "mobile".
    """

    key = models.CharField(max_length=32, unique=True, editable=False)
    monitor = models.CharField(_("monitor"), max_length=200, db_index=True)
    name = models.CharField(_("name"), max_length=SERIES, blank=True)

    class Meta:
        verbose_name = _("series")
        verbose_name_plural = _("series")

    def __str__(self) -> str:
        return f"{self.monitor} {self.name}".strip()


class Rollup(models.Model):
    """What was added to a series in one minute, hour or day; see `rollups.points.Point`.

    ``start`` is in seconds since 1970 in UTC. Written by `rollups.writing` alone, which adds to rows that are
    there, so that no writer loses what another one wrote.
    """

    series = models.ForeignKey(Series, models.CASCADE, related_name="rollups", db_index=False)
    resolution = models.PositiveIntegerField(_("resolution (s)"), choices=RESOLUTIONS)
    start = models.BigIntegerField(_("start"))
    count = models.BigIntegerField(_("count"))
    total = models.FloatField(_("sum"))
    whole = models.FloatField(_("whole"), default=0)
    low = models.FloatField(_("least"))
    high = models.FloatField(_("greatest"))
    last = models.FloatField(_("latest"))
    last_at = models.FloatField(_("time of the latest"))
    sketch = models.BinaryField(_("sketch"), null=True)

    class Meta:
        verbose_name = _("rollup")
        verbose_name_plural = _("rollups")
        constraints = [
            models.UniqueConstraint(fields=["series", "resolution", "start"], name="monitoring_rollup")
        ]

    def __str__(self) -> str:
        return f"{self.count} in {self.resolution} s from {self.start}"


class Annotation(models.Model):
    """Something that happened and is marked in every chart, such as a deploy."""

    time = models.DateTimeField(_("time"), default=timezone.now, db_index=True)
    text = models.CharField(_("text"), max_length=200)

    class Meta:
        verbose_name = _("annotation")
        verbose_name_plural = _("annotations")
        ordering = ["-time"]

    def __str__(self) -> str:
        return self.text


class ChartOrder(models.Model):
    """In which order a user has the charts: the names of monitors, first to last.

    Users may be in another database, so no constraint ties the two together.
    """

    user = models.OneToOneField(
        user_model(), models.DO_NOTHING, related_name="+", primary_key=True, db_constraint=False
    )
    names = models.JSONField(_("names"), default=list)

    class Meta:
        verbose_name = _("order of charts")
        verbose_name_plural = _("orders of charts")
        default_permissions = ()
        permissions = [("view_monitoring", "Can see monitoring")]

    def __str__(self) -> str:
        return ", ".join(map(str, self.names))
