"""Every setting of the dashboard: name, kind, default, one sentence. Read anew each time, as the core's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django_metrics_statsd import kinds
from django_metrics_statsd.conf import Setting, _under_test, project_setting
from django_metrics_statsd.conf import on_change as on_change_of
from django_metrics_statsd.dashboard import kinds as own

PREFIX = "DASHBOARD_"


class BackgroundSetting(Setting[bool]):
    """``DASHBOARD_BACKGROUND``, which is false while tests run, unless the settings have it."""

    def raw(self) -> Any:
        value = super().raw()
        return not _under_test() if value is None else value


class DashboardConf:
    """The settings; ``conf`` below is the one instance."""

    DASHBOARD_REQUIRE_LOGIN = Setting(
        kinds.BOOLEAN,
        True,
        "Whether only users with the permission ``metrics_dashboard.can_view_dashboard`` see the dashboard; "
        "False shows it to everybody.",
    )
    DASHBOARD_MESSENGER_URL = Setting(
        own.MESSENGER,
        None,
        "The Redis server that tells all processes of a change at once, such as "
        "``redis://localhost:6379/0``. Unset, each process with open pages asks the database for changes.",
    )
    DASHBOARD_BACKGROUND = BackgroundSetting(
        own.SWITCH,
        None,
        "Whether widgets are updated by a thread of the site while somebody looks at the dashboard. Unset, "
        "that is so except while tests run; False leaves it to ``manage.py update_widget_data``.",
    )
    DASHBOARD_WIDGETS = Setting(
        kinds.words("ready-made widgets", *own.READY_MADE),
        list(own.READY_MADE),
        "Which of the ready-made widgets the dashboard has.",
    )
    DASHBOARD_POLL_SECONDS = Setting(
        kinds.number(0.1, 60),
        1.0,
        "Seconds between two questions for changes: of a process to the database where there is no Redis, "
        "and of a page to the site where there is no event stream.",
    )
    DASHBOARD_STREAM_SECONDS = Setting(
        kinds.number(1, 86_400),
        300.0,
        "Seconds after which an event stream ends and the page opens the next one.",
    )
    DASHBOARD_CHECK_SECONDS = Setting(
        kinds.number(0.2, 3_600),
        15.0,
        "Seconds after which a permission that was withdrawn ends the event streams of its user, at most.",
    )
    DASHBOARD_MAX_STREAMS = Setting(
        kinds.whole(0, 1_000_000),
        2_000,
        "How many event streams a process keeps open; further pages ask for changes instead.",
    )


conf = DashboardConf()


def all_settings() -> Iterator[Setting[Any]]:
    """Yield every setting in the order of this file."""
    for value in vars(DashboardConf).values():
        if isinstance(value, Setting):
            yield value


def on_change(reset: Any) -> None:
    """Call `reset` whenever one of these settings changes (in tests)."""
    on_change_of(reset, PREFIX)


def user_model() -> str:
    """Return the project's ``AUTH_USER_MODEL``."""
    return str(project_setting("AUTH_USER_MODEL"))
