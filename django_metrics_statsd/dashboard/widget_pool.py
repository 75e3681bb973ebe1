"""Which widgets there are: each installed app's module ``dashboard_widgets`` registers its own."""

from __future__ import annotations

import importlib
import re
import threading
from importlib.util import find_spec
from typing import Any

from django.apps import apps
from django.core.exceptions import ImproperlyConfigured

from django_metrics_statsd.dashboard.exceptions import WidgetAlreadyRegistered, WidgetNotRegistered
from django_metrics_statsd.dashboard.models import NAME
from django_metrics_statsd.dashboard.widget_base import DashboardWidgetBase
from django_metrics_statsd.safety import failed

#: Modules of installed apps that are looked for. The second is what old documents call it in one place.
MODULES = ("dashboard_widgets", "dashboard_widget")
_NAME = re.compile(rf"[A-Za-z0-9_.-]{{1,{NAME}}}")


class DashboardWidgetPool:
    """The registered widgets by name; ``dashboard_widget_pool`` below is the one instance."""

    def __init__(self) -> None:
        self._widgets: dict[str, DashboardWidgetBase] = {}
        self._lock = threading.RLock()
        self._discovered = False

    def register_widget(self, widget_class: type[DashboardWidgetBase], **kwargs: Any) -> None:
        """Make a widget of this class, with `kwargs`, and have it on the dashboard.

        Raises:
            ImproperlyConfigured: it is no widget, or one of its attributes cannot be.
            WidgetAlreadyRegistered: there is one of its name.
        """
        if not _is_widget(widget_class):
            raise ImproperlyConfigured(f"{widget_class!r} is no subclass of DashboardWidgetBase.")
        widget = widget_class(**kwargs)
        _check(widget)
        name = widget.get_name()
        with self._lock:
            if name in self._widgets:
                raise WidgetAlreadyRegistered(
                    f"There is a widget {name!r} already, of {type(self._widgets[name])!r}; give "
                    f"{widget_class!r} a get_name() that returns another name."
                )
            self._widgets = {**self._widgets, name: widget}

    def unregister_widget(self, widget: type[DashboardWidgetBase] | str) -> None:
        """Take a widget off again, by its name, or all that are of a class.

        Raises:
            WidgetNotRegistered: there is none.
        """
        with self._lock:
            names = [name for name, each in self._widgets.items() if name == widget or type(each) is widget]
            if not names:
                raise WidgetNotRegistered(
                    f"There is no widget {widget!r}; there are {', '.join(self._widgets) or 'none'}."
                )
            self._widgets = {name: each for name, each in self._widgets.items() if name not in names}

    def get_widgets(self) -> dict[str, DashboardWidgetBase]:
        """Return all widgets by name, in the order in which they were registered."""
        self.discover_widgets()
        return self._widgets

    def get_widget(self, name: str) -> DashboardWidgetBase:
        """Return one widget.

        Raises:
            WidgetNotRegistered: there is none of this name.
        """
        try:
            return self.get_widgets()[name]
        except KeyError:
            raise WidgetNotRegistered(
                f"There is no widget {name!r}; there are {', '.join(self._widgets) or 'none'}."
            ) from None

    def discover_widgets(self) -> None:
        """Import each app's module ``dashboard_widgets``, once; one that fails does not stop the others."""
        if self._discovered:
            return
        with self._lock:
            if not self._discovered:
                for config in apps.get_app_configs():
                    for module in MODULES:
                        _import(f"{config.name}.{module}")
                self._discovered = True


def _import(path: str) -> None:
    try:
        if find_spec(path) is not None:
            importlib.import_module(path)
    except Exception:
        failed(f"dashboard.discover.{path}")


def _is_widget(thing: Any) -> bool:
    return isinstance(thing, type) and issubclass(thing, DashboardWidgetBase)


def _check(widget: DashboardWidgetBase) -> None:
    who = type(widget).__qualname__
    name = widget.get_name()
    if not _NAME.fullmatch(str(name)):
        raise ImproperlyConfigured(
            f"{who}.get_name() returns {name!r}; a name has 1 to {NAME} letters, digits, '.', '-' and '_'."
        )
    if not widget.template_name:
        raise ImproperlyConfigured(f"{who} has no template_name; write the template of the tile's inside.")
    for attribute, low, high in (("sizex", 1, 4), ("sizey", 1, 3), ("update_interval", 1, 86_400 * 366)):
        value = getattr(widget, attribute)
        if not isinstance(value, int | float) or isinstance(value, bool) or not low <= value <= high:
            raise ImproperlyConfigured(f"{who}.{attribute} is {value!r}; allowed are {low} to {high}.")


dashboard_widget_pool = DashboardWidgetPool()
