"""The settings of the health checks; read like the core's. Their names are django-watchman's."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.conf import settings

from django_metrics_statsd import kinds
from django_metrics_statsd.conf import Setting, _under_test
from django_metrics_statsd.health import kinds as own
from django_metrics_statsd.plan import Compiled

PREFIXES = ("WATCHMAN_", "EXPOSE_WATCHMAN_VERSION")
#: Settings whose values are secrets: no message shows them.
SECRET = frozenset({"WATCHMAN_TOKEN", "WATCHMAN_TOKENS"})
TOKEN_REQUIRED = "django_metrics_statsd.health.decorators.token_required"  # noqa: S105 - a path


class CacheSecondsSetting(Setting[float]):
    """``WATCHMAN_CACHE_SECONDS``, which is 0 while Django's test environment is set up, unless it is set.

    A test that breaks a service must not be answered with what was found a moment before.
    """

    def raw(self) -> Any:
        value = super().raw()
        return (0.0 if _under_test() else 5.0) if value is None else value


class HistorySetting(Setting[int]):
    """``WATCHMAN_HISTORY``, which is 0 while Django's test environment is set up, unless it is set.

    Rows are written by a thread, and a thread sees nothing of a test's transaction.
    """

    def raw(self) -> Any:
        value = super().raw()
        return (0 if _under_test() else 100) if value is None else value


class HealthConf:
    """The settings; ``conf`` below is the one instance."""

    WATCHMAN_CHECKS = Setting(
        own.CHECKS,
        None,
        "What is checked: dotted paths of functions, classes or objects, short names of the ready-made ones, "
        "or pairs of one of these and a dictionary of options. Unset: databases, caches and storage.",
    )
    WATCHMAN_GROUPS = Setting(
        own.GROUPS,
        {},
        "Groups of checks by name, for ``?group=`` and for probes. ``ready`` and ``startup`` replace the "
        "ready-made groups of these names.",
    )
    WATCHMAN_ENABLE_PAID_CHECKS = Setting(
        kinds.BOOLEAN, False, "Whether the check ``email``, which sends one, is among the checks by default."
    )
    WATCHMAN_TOKENS = Setting(
        own.TOKENS, None, "Tokens, one of which a request must have: a list, or a string with commas."
    )
    WATCHMAN_TOKEN = Setting(own.TOKEN, None, "One more token. ``WATCHMAN_TOKENS`` can do all that this can.")
    WATCHMAN_TOKEN_NAME = Setting(
        kinds.TEXT, "watchman-token", "The name of the token in a query string, for who cannot send a header."
    )
    WATCHMAN_AUTH_DECORATOR = Setting(
        own.DECORATOR,
        TOKEN_REQUIRED,
        "The decorator that protects the status and its page. None protects nothing.",
    )
    WATCHMAN_ERROR_CODE = Setting(
        own.STATUS,
        None,
        "The HTTP status when a check fails. Unset: 200 for the status, 500 for ``bare_status``, 503 for "
        "probes.",
    )
    WATCHMAN_TIMEOUT = Setting(
        kinds.number(0.05, 300), 4.0, "Seconds that one check may take, unless the check has its own limit."
    )
    WATCHMAN_DEADLINE = Setting(
        kinds.number(0.05, 600), 10.0, "Seconds after which an answer is given, whatever is still running."
    )
    WATCHMAN_CACHE_SECONDS = CacheSecondsSetting(
        own.SECONDS,
        None,
        "Seconds for which a result is given to all who ask. Unset: 5, and 0 while tests run.",
    )
    WATCHMAN_DATABASES = Setting(
        own.ALIASES, None, "Aliases of the databases to check, as a list or a dictionary. Unset: all."
    )
    WATCHMAN_CACHES = Setting(
        own.ALIASES, None, "Aliases of the caches to check, as a list or a dictionary. Unset: all."
    )
    WATCHMAN_STORAGE_PATH = Setting(
        own.TEXT, None, "The folder, within the default storage, in which a file is written and read back."
    )
    WATCHMAN_EMAIL_SENDER = Setting(
        kinds.TEXT, "watchman@example.com", "The sender of what the check ``email`` sends."
    )
    WATCHMAN_EMAIL_RECIPIENTS = Setting(
        own.ADDRESSES, ["to@example.com"], "The recipients of what the check ``email`` sends."
    )
    WATCHMAN_EMAIL_HEADERS = Setting(kinds.TAGS, {}, "Further headers of what the check ``email`` sends.")
    WATCHMAN_DISABLE_APM = Setting(
        kinds.BOOLEAN,
        False,
        "Whether New Relic, Datadog and Sentry are told to leave these requests out, where they are in use.",
    )
    EXPOSE_WATCHMAN_VERSION = Setting(
        kinds.BOOLEAN, False, "Whether answers to the trusted carry the version, in ``X-Watchman-Version``."
    )
    WATCHMAN_PROBES = Setting(
        own.PROBES,
        {"/livez": "live", "/readyz": "ready", "/startupz": "startup"},
        "The paths that ``ProbeMiddleware`` answers, and the group of checks for each.",
    )
    WATCHMAN_HISTORY = HistorySetting(
        own.ROWS,
        None,
        "How many changes of state the database keeps for each check; 0 keeps none there and needs no table. "
        "Unset: 100, and 0 while tests run.",
    )


conf = HealthConf()


def all_settings() -> Iterator[Setting[Any]]:
    """Yield every setting in the order of this file."""
    for value in vars(HealthConf).values():
        if isinstance(value, Setting):
            yield value


def tokens() -> tuple[str, ...]:
    """Return every token that lets a request in."""
    single = conf.WATCHMAN_TOKEN
    return (*conf.WATCHMAN_TOKENS, *([single] if single else ()))


def wrong_guards() -> tuple[str, ...]:
    """Return the names of settings that say who may ask, and say it wrongly: then nobody else may."""
    return _wrong_guards.now


def _find_wrong_guards() -> tuple[str, ...]:
    guards = {"WATCHMAN_TOKEN", "WATCHMAN_TOKENS", "WATCHMAN_AUTH_DECORATOR"}
    return tuple(each.name for each in all_settings() if each.name in guards and each.problem() is not None)


_wrong_guards: Compiled[tuple[str, ...]] = Compiled(_find_wrong_guards, *PREFIXES)


def secrets() -> Iterator[str]:
    """Yield what must never be shown, longest first as one may hold another."""
    databases = (_plain("DATABASES") or {}).values()
    mailers = (_plain("MAILERS") or {}).values()
    found = {*tokens(), str(_plain("SECRET_KEY") or ""), str(_plain("EMAIL_HOST_PASSWORD") or "")}
    found |= {str(options.get("PASSWORD") or "") for options in databases}
    found |= {str((options.get("OPTIONS") or {}).get("password") or "") for options in mailers}
    yield from sorted((each for each in found if len(each) > 3), key=len, reverse=True)


def _plain(name: str) -> Any:
    """Return a setting without Django's own opinion of it: that it is empty, or on its way out."""
    bool(settings.DEBUG)  # has them loaded
    holder: Any = settings
    return getattr(holder._wrapped, name, None)
