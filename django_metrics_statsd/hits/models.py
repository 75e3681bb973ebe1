"""The tables of the ``django`` storage. Rows are written by `storages.django`, in bulk, and never changed.

Ids sort by time (`ids`), so the primary key is the order of a list; the indexes are for the admin's filters
and the dashboards, which all look at a span of time.
"""

from __future__ import annotations

from typing import Any

from django.db import models
from django.db.models import Q, Value
from django.db.models.functions import StrIndex
from django.db.models.lookups import GreaterThan
from django.utils.translation import gettext_lazy as _

from django_metrics_statsd.hits.records import AGENT, NAME, PATH, WORD
from django_metrics_statsd.hits.viewers import Viewer

SCOPES = (
    ("superuser", _("Superusers")),
    ("staff", _("Staff")),
    ("users", _("Users")),
    ("public", _("Public")),
)


class Stored(models.Model):
    """What all records have: an id that is known before the row is written, a time and a site."""

    id = models.UUIDField(primary_key=True, editable=False)
    time = models.DateTimeField(_("time"))
    site = models.CharField(_("site"), max_length=WORD)

    class Meta:
        abstract = True
        ordering = ["-id"]


class Hit(Stored):
    """One request; times in milliseconds, sizes in bytes. The fields are those of `HitRecord`, flattened."""

    method = models.CharField(_("method"), max_length=WORD)
    path = models.CharField(_("path"), max_length=PATH)
    route = models.CharField(_("route"), max_length=NAME, blank=True)
    module = models.CharField(_("module"), max_length=NAME, blank=True)
    view = models.CharField(_("view"), max_length=NAME, blank=True)
    status_code = models.PositiveSmallIntegerField(_("status"))
    reason_phrase = models.CharField(_("reason phrase"), max_length=NAME, blank=True)
    request_time = models.FloatField(_("request time (ms)"))
    doc_size = models.PositiveBigIntegerField(_("document size (bytes)"))
    num_queries = models.PositiveBigIntegerField(_("queries"))
    queries_time = models.FloatField(_("queries' time (ms)"))
    ip = models.GenericIPAddressField(_("address"), null=True, blank=True)
    user_agent = models.CharField(_("user agent"), max_length=AGENT, blank=True)
    referer = models.CharField(_("referer"), max_length=PATH, blank=True)
    user = models.CharField(_("user"), max_length=NAME, blank=True)
    is_authenticated = models.BooleanField(_("logged in"))
    is_staff = models.BooleanField(_("staff"))
    is_superuser = models.BooleanField(_("superuser"))
    os = models.CharField(_("operating system"), max_length=NAME, blank=True)
    os_version = models.CharField(_("operating system's version"), max_length=NAME, blank=True)
    browser = models.CharField(_("browser"), max_length=NAME, blank=True)
    browser_version = models.CharField(_("browser's version"), max_length=NAME, blank=True)
    device = models.CharField(_("device"), max_length=NAME, blank=True)
    is_pc = models.BooleanField(_("PC"), default=False)
    is_mobile = models.BooleanField(_("mobile"), default=False)
    is_tablet = models.BooleanField(_("tablet"), default=False)
    is_touch = models.BooleanField(_("touch"), default=False)
    is_bot = models.BooleanField(_("bot"), default=False)
    latitude = models.FloatField(_("latitude"), null=True, blank=True)
    longitude = models.FloatField(_("longitude"), null=True, blank=True)
    postal_code = models.CharField(_("postal code"), max_length=NAME, blank=True)
    country_code = models.CharField(_("country code"), max_length=WORD, blank=True)
    country_name = models.CharField(_("country"), max_length=NAME, blank=True)
    region = models.CharField(_("region"), max_length=NAME, blank=True)
    dma_code = models.CharField(_("DMA code"), max_length=WORD, blank=True)
    city = models.CharField(_("city"), max_length=NAME, blank=True)

    class Meta(Stored.Meta):
        verbose_name = _("hit")
        verbose_name_plural = _("hits")
        indexes = [
            models.Index(fields=["time"], name="hit_time"),
            models.Index(fields=["status_code", "time"], name="hit_status_time"),
            models.Index(fields=["view", "time"], name="hit_view_time"),
            models.Index(fields=["user", "time"], name="hit_user_time"),
        ]

    def __str__(self) -> str:
        return f"{self.method} {self.path} {self.status_code}"


def _names(line: str) -> Q:
    """Return the condition that a group's line is in ``groups_text``, as it is written.

    Both halves: SQLite's LIKE takes "Admins" for "admins", and so does INSTR of MySQL and MariaDB.
    """
    return Q(groups_text__contains=line) & Q(GreaterThan(StrIndex("groups_text", Value(line)), 0))


class EventQuerySet(models.QuerySet["Event"]):
    """Events, and who may see them."""

    def visible_to(self, user: Any) -> EventQuerySet:
        """Return the events that `user` (of Django's, anonymous or None) may see, by scope and group."""
        viewer = Viewer(user)
        if viewer.everything:
            return self.all()
        seen = Q(scope__in=viewer.scopes)
        for name in viewer.groups:
            seen |= _names(f"\n{name}\n")
        return self.filter(seen)

    def of_object(self, instance: models.Model) -> EventQuerySet:
        """Return the events of one object of yours."""
        return self.of_model(type(instance)).filter(obj_pk=str(instance.pk))

    def of_model(self, model: type[models.Model]) -> EventQuerySet:
        """Return the events of a model's objects."""
        return self.filter(model=model._meta.label)


class Event(Stored):
    """Something worth a line; the fields are those of `EventRecord`.

    ``groups_text`` is the groups' names, a line each between line feeds, so that any database can search it.
    """

    name = models.CharField(_("name"), max_length=NAME)
    event_class = models.CharField(_("class"), max_length=NAME, blank=True)
    user = models.CharField(_("user"), max_length=NAME, blank=True)
    scope = models.CharField(_("scope"), max_length=WORD, choices=SCOPES, default="superuser")
    groups_text = models.TextField(_("groups"), blank=True)
    bucket = models.CharField(_("bucket"), max_length=NAME, blank=True)
    notes = models.TextField(_("notes"), blank=True)
    data = models.JSONField(_("data"), default=dict, blank=True)
    url = models.CharField(_("URL"), max_length=PATH, blank=True)
    admin_url = models.CharField(_("admin URL"), max_length=PATH, blank=True)
    model = models.CharField(_("model"), max_length=NAME, blank=True)
    obj_pk = models.CharField(_("object's key"), max_length=NAME, blank=True)
    method = models.CharField(_("method"), max_length=WORD, blank=True)
    path = models.CharField(_("path"), max_length=PATH, blank=True)
    ip = models.GenericIPAddressField(_("address"), null=True, blank=True)

    objects = EventQuerySet.as_manager()

    class Meta(Stored.Meta):
        verbose_name = _("event")
        verbose_name_plural = _("events")
        indexes = [
            models.Index(fields=["time"], name="event_time"),
            models.Index(fields=["event_class", "time"], name="event_class_time"),
            models.Index(fields=["model", "obj_pk"], name="event_object"),
            models.Index(fields=["user", "time"], name="event_user_time"),
        ]

    def __str__(self) -> str:
        return self.name

    @property
    def groups(self) -> list[str]:
        """The names of the groups whose members may see it."""
        return self.groups_text.split("\n")[1:-1]


class Timing(Stored):
    """What a browser reported of one page; the fields are those of `TimingRecord`."""

    client = models.CharField(_("client"), max_length=WORD)
    route = models.CharField(_("route"), max_length=NAME, blank=True)
    device = models.CharField(_("device"), max_length=WORD, blank=True)
    country = models.CharField(_("country"), max_length=WORD, blank=True)
    connection = models.CharField(_("connection"), max_length=WORD, blank=True)
    navigation = models.CharField(_("navigation"), max_length=WORD, blank=True)
    values = models.JSONField(_("values"), default=dict)

    class Meta(Stored.Meta):
        verbose_name = _("browser timing")
        verbose_name_plural = _("browser timings")
        indexes = [models.Index(fields=["time"], name="timing_time")]

    def __str__(self) -> str:
        return f"{self.client} {self.route}"
