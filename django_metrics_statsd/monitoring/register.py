"""The one registry of monitors: a name, the view that draws it, and through the view its model.

from django_metrics_statsd.monitoring.register import monitor

monitor.register("user_count", IntegerCountView.as_view(model=MonitorUserCount))
monitor.get("user_count").add(1)
"""

from __future__ import annotations

import re
import threading
from collections.abc import Callable
from typing import Any

from django_metrics_statsd.monitoring.exceptions import MonitoringRegistryException

__all__ = ["MonitoringRegistry", "MonitoringRegistryException", "monitor"]

View = Callable[..., Any]
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.\-]{0,99}")


class MonitoringRegistry:
    """Monitors by name, in the order in which they were registered. Safe to use from several threads."""

    def __init__(self) -> None:
        self._views: dict[str, View] = {}
        self._lock = threading.Lock()

    def register(self, name: Any, view: Any) -> None:
        """Register a monitor.

        Args:
            name: one that no other monitor has; letters, digits, ``_``, ``-`` and ``.``.
            view: what draws it, such as ``IntegerCountView.as_view(model=MonitorUserCount)``.

        Raises:
            MonitoringRegistryException: the name is taken or cannot be one, the view has no model, or
                the model does not fit the view.
        """
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise MonitoringRegistryException(
                f"A monitor cannot be called {name!r}; take 1 to 100 letters, digits, '_', '-' and '.'."
            )
        _fit(name, view)
        with self._lock:
            if name in self._views:
                raise MonitoringRegistryException(
                    f"A monitor called {name!r} has already been registered, with the model "
                    f"{_label(_option(self._views[name], 'model'))}. Take another name, or unregister it."
                )
            self._views[name] = view

    def unregister(self, name: str) -> None:
        """Forget a monitor. What was added to it stays in the database.

        Raises:
            MonitoringRegistryException: there is none of this name.
        """
        with self._lock:
            self._view(name)
            del self._views[name]

    def get(self, name: str) -> Any:
        """Return a monitor's model, whose ``add`` adds to it.

        Raises:
            MonitoringRegistryException: there is none of this name.
        """
        return _option(self._view(name), "model")

    def get_all(self) -> list[tuple[str, View]]:
        """Return the names and views of all monitors, in the order in which they were registered."""
        with self._lock:
            return list(self._views.items())

    def get_view(self, name: str) -> View:
        """Return the view that draws a monitor.

        Raises:
            MonitoringRegistryException: there is none of this name.
        """
        return self._view(name)

    def get_view_name(self, name: str) -> str:
        """Return the name of a monitor's view: its ``view_name``, or ``monitoring_`` and the model's name.

        Raises:
            MonitoringRegistryException: there is none of this name.
        """
        view = self._view(name)
        return str(_option(view, "view_name") or f"monitoring_{_option(view, 'model').__name__.lower()}")

    def get_option(self, name: str, option: str) -> Any:
        """Return what a monitor's view was given, or what its class has, of this name; None for neither."""
        return _option(self._view(name), option)

    def _view(self, name: str) -> View:
        try:
            return self._views[name]
        except (KeyError, TypeError):
            known = ", ".join(sorted(self._views)) or "none at all"
            raise MonitoringRegistryException(
                f"No monitor called {name!r} is registered; registered are: {known}. "
                "Monitors are registered in the module `monitors` of an installed app."
            ) from None


def _option(view: View, name: str) -> Any:
    """Return what the view was made with, or the attribute of its class."""
    given = getattr(view, "view_initkwargs", {})
    return given[name] if name in given else getattr(getattr(view, "view_class", None), name, None)


def _fit(name: str, view: Any) -> None:
    """See that the view has a model that it can draw.

    Raises:
        MonitoringRegistryException: it has not.
    """
    from django_metrics_statsd.monitoring.bases import MonitoringBase

    view_class = getattr(view, "view_class", None)
    if not callable(view) or view_class is None:
        raise MonitoringRegistryException(
            f"The view of {name!r} is {view!r}; write IntegerCountView.as_view(model=YourModel) or the like."
        )
    model = _option(view, "model")
    if model is None:
        raise MonitoringRegistryException(
            f"The view of {name!r} has no model; write {view_class.__name__}.as_view(model=YourModel)."
        )
    if not isinstance(model, type) or not issubclass(model, MonitoringBase):
        raise MonitoringRegistryException(
            f"The model of {name!r} is {_label(model)}, which does not inherit MonitoringBase; "
            "derive it from IntegerCountBase, DurationBase, RatioBase, LevelBase or MonitoringBase."
        )
    if model._meta.abstract:
        raise MonitoringRegistryException(
            f"The model of {name!r} is {_label(model)}, which is abstract and has no table; derive a model "
            "of your own from it."
        )
    wanted = getattr(view_class, "model_base", None)
    if wanted is not None and not issubclass(model, wanted):
        raise MonitoringRegistryException(
            f"The model of {name!r} is {_label(model)}, which does not inherit {wanted.__name__}, but "
            f"{view_class.__name__} can draw nothing else. Take the view that belongs to its base."
        )


def _label(model: Any) -> str:
    return f"{model.__module__}.{model.__qualname__}" if isinstance(model, type) else repr(model)


monitor = MonitoringRegistry()
