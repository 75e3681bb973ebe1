"""The dashboard's tables, with a row per widget, setting or user: none of them grows with time."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _

from django_metrics_statsd.dashboard.conf import user_model

#: Length of a widget's name in characters.
NAME = 100


class Widget(models.Model):
    """What is known of a widget: whether it is shown, when it was last updated, and what went wrong then."""

    name = models.CharField(_("name"), max_length=NAME, unique=True)
    enabled = models.BooleanField(_("enabled"), default=True)
    last_update = models.DateTimeField(_("last update"), null=True, blank=True)
    last_error = models.CharField(_("last error"), max_length=500, blank=True)
    lacking = models.BooleanField(_("lacks something"), default=False)

    class Meta:
        verbose_name = _("widget")
        verbose_name_plural = _("widgets")
        ordering = ["name"]
        permissions = [("can_view_dashboard", "Can view the dashboard")]

    def __str__(self) -> str:
        return self.name


class WidgetSetting(models.Model):
    """One value that a widget keeps, any JSON."""

    widget_name = models.CharField(_("widget"), max_length=NAME)
    setting_name = models.CharField(_("setting"), max_length=NAME)
    value = models.JSONField(_("value"), null=True)

    class Meta:
        verbose_name = _("widget setting")
        verbose_name_plural = _("widget settings")
        ordering = ["widget_name", "setting_name"]
        constraints = [
            models.UniqueConstraint(fields=["widget_name", "setting_name"], name="metrics_widget_setting")
        ]

    def __str__(self) -> str:
        return f"{self.widget_name}.{self.setting_name}"


class Layout(models.Model):
    """How one user has arranged the tiles: ``order`` is a list of names, ``sizes`` maps a name to [w, h]."""

    user = models.OneToOneField(
        user_model(), on_delete=models.CASCADE, related_name="+", verbose_name=_("user")
    )
    order = models.JSONField(_("order"), default=list)
    sizes = models.JSONField(_("sizes"), default=dict)

    class Meta:
        verbose_name = _("layout")
        verbose_name_plural = _("layouts")

    def __str__(self) -> str:
        return f"{self.user}"


class Change(models.Model):
    """When a widget last changed, as a place in the order of all changes: a row per widget."""

    key = models.CharField(max_length=NAME, unique=True)
    seq = models.BigIntegerField()

    class Meta:
        indexes = [models.Index(fields=["seq"], name="metrics_change_seq")]

    def __str__(self) -> str:
        return f"{self.key}: {self.seq}"


class Counter(models.Model):
    """The one row from which changes take their number; whoever does so holds its lock until the commit."""

    id = models.PositiveSmallIntegerField(primary_key=True)
    seq = models.BigIntegerField(default=0)

    def __str__(self) -> str:
        return str(self.seq)


class Lease(models.Model):
    """Who may do what only one process may do at a time, and until when by the database's clock."""

    name = models.CharField(max_length=64, primary_key=True)
    holder = models.CharField(max_length=200, blank=True)
    expires = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name}: {self.holder}"
