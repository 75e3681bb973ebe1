"""What the middleware needs of the settings, compiled once and dropped when a setting changes."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from django_metrics_statsd.hits.conf import PREFIXES, conf
from django_metrics_statsd.hits.transports.address import RedisAddress, read
from django_metrics_statsd.plan import Compiled


class HitsPlan:
    """The settings as a request meets them.

    Attributes:
        stopped: whether nothing is recorded.
        excluded: a function of the path that is true for what is not recorded, or None.
        sample: the share of requests that is recorded.
        signals: what ``DNT`` and ``Sec-GPC`` do, or None.
        omitted: fields that stay empty.
        site, trusted, anonymise: for the thread that makes the records.
    """

    __slots__ = ("anonymise", "excluded", "omitted", "sample", "signals", "site", "stopped", "trusted")

    def __init__(self) -> None:
        self.stopped = conf.WT_STOP
        self.sample = conf.WT_SAMPLE
        self.signals = conf.WT_PRIVACY_SIGNALS
        self.omitted = frozenset(conf.WT_OMIT)
        self.site = conf.SITE_SLUG
        self.trusted = conf.WT_TRUSTED_PROXIES
        self.anonymise = conf.WT_ANONYMIZE_IP
        self.excluded = _any_of(conf.WT_EXCLUDE)


def _any_of(patterns: list[str]) -> Callable[[str], Any] | None:
    """Return a function of a path that is true where a pattern fits; None without patterns."""
    compiled = [re.compile(pattern) for pattern in patterns]
    if any(each.groups for each in compiled):  # groups of several patterns do not go together
        return lambda path: any(each.match(path) for each in compiled)
    return re.compile("|".join(f"(?:{pattern})" for pattern in patterns)).match if patterns else None


planned = Compiled(HitsPlan, *PREFIXES)


def redis_address() -> RedisAddress | None:
    """Return where ``WT_REDIS`` is, or None where it is unset."""
    options = conf.WT_REDIS
    return None if options is None else read(options)
