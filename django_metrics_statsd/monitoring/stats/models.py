"""The tables of the stats store. Times are Unix seconds (UTC), as all that is done with them is arithmetic.

What a stat was in a minute is the sum of what all rows say about it, each thing in one place: in windows not
yet rolled up, in minutes, and in chunks of an hour or a day. Rolling up takes rows out of that sum and puts
what they add up to in, in one transaction. So rows may come late, and more than one may be about the same.
"""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_metrics_statsd.monitoring.stats.naming import MAX_NAME

APP = "metrics_monitoring"


class StatName(models.Model):
    """A stat's name; its id is made of kind and name, so that every process knows it without asking."""

    id = models.BigIntegerField(primary_key=True, editable=False)
    name = models.CharField(_("name"), max_length=MAX_NAME)
    kind = models.CharField(_("kind"), max_length=1)
    seen = models.DateField(_("last seen"))

    class Meta:
        app_label = APP
        verbose_name, verbose_name_plural = _("stat"), _("stats")
        indexes = [models.Index(fields=["name"], name="metrics_stat_name")]

    def __str__(self) -> str:
        return self.name


class StoredWindow(models.Model):
    """All stats of one process in a few seconds or, with `step` 60, of all processes in a minute.

    The id is the process's own, so that a row that is written twice is there once. `data` is a blob
    (`blobs`) of points by stat. `rolled` windows are in a minute too, and stay for who wants seconds.
    """

    id = models.UUIDField(primary_key=True, editable=False)
    start = models.BigIntegerField()
    step = models.SmallIntegerField()
    rolled = models.BooleanField(default=False)
    data = models.BinaryField()

    class Meta:
        app_label = APP
        indexes = [
            models.Index(fields=["start"], name="metrics_window_start"),
            models.Index(fields=["rolled", "start"], name="metrics_window_rolled"),
        ]

    def __str__(self) -> str:
        return f"{self.start} + {self.step} s"


class Chunk(models.Model):
    """One stat over an hour in minutes, or over a day in hours (`span`, in seconds).

    `total` is the point of the whole span, `points` a blob of the smaller ones by their start, compressed. An
    hour that is `rolled` is in a day too, and stays for who wants minutes.
    """

    id = models.BigAutoField(primary_key=True)
    stat = models.BigIntegerField()
    span = models.IntegerField()
    start = models.BigIntegerField()
    rolled = models.BooleanField(default=False)
    total = models.BinaryField()
    points = models.BinaryField()

    class Meta:
        app_label = APP
        indexes = [
            models.Index(fields=["stat", "start"], name="metrics_chunk_stat"),
            models.Index(fields=["span", "rolled", "start"], name="metrics_chunk_span"),
        ]

    def __str__(self) -> str:
        return f"{self.stat}: {self.start} + {self.span} s"


class Claim(models.Model):
    """What only one process does at a time, and until when the others leave it to the one that does."""

    name = models.CharField(primary_key=True, max_length=20)
    turn = models.BigIntegerField(default=0)
    until = models.FloatField(default=0)

    class Meta:
        app_label = APP

    def __str__(self) -> str:
        return self.name


MODELS: tuple[type[models.Model], ...] = (StatName, StoredWindow, Chunk, Claim)
