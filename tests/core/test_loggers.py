from __future__ import annotations

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from django_metrics_statsd.clients import statsd
from django_metrics_statsd.clients.base import Record
from django_metrics_statsd.loggers.errors import StatsdHandler
from django_metrics_statsd.testing import Captured


@pytest.fixture
def log() -> Iterator[logging.Logger]:
    """A logger with our handler."""
    logger, handler = logging.getLogger("site.tests"), StatsdHandler()
    logger.addHandler(handler)
    logger.setLevel(1)
    yield logger
    logger.removeHandler(handler)


class OutOfStockError(Exception):
    pass


def test_an_error_is_counted_by_its_class(log: logging.Logger, stats: Captured) -> None:
    for error in (ValueError("no"), OutOfStockError("no"), OutOfStockError("again")):
        try:
            raise error
        except Exception:
            log.exception("it failed")
    stats.assert_incr("error.valueerror", times=1)
    stats.assert_incr("error.outofstockerror", times=2)
    assert len(stats) == 3


@pytest.mark.parametrize("exc_info", [None, (None, None, None)])
def test_a_record_without_an_exception_is_no_error(
    exc_info: Any, log: logging.Logger, stats: Captured
) -> None:
    log.error("it failed", exc_info=exc_info)
    stats.assert_nothing()


def test_levels_are_counted_on_request(log: logging.Logger, stats: Captured, settings: Any) -> None:
    settings.STATSD_LOG_LEVELS = True
    for number in (1, logging.DEBUG, logging.INFO, 25, logging.WARNING, logging.ERROR, logging.CRITICAL, 99):
        log.log(number, "told")
    counted = {
        name: len(stats.find("c", f"log.{name}"))
        for name in ("debug", "info", "warning", "error", "critical")
    }
    assert counted == {"debug": 2, "info": 2, "warning": 1, "error": 1, "critical": 2}


def test_some_levels_are_counted_on_request(log: logging.Logger, stats: Captured, settings: Any) -> None:
    settings.STATSD_LOG_LEVELS = ["error"]
    log.warning("told")
    log.error("told")
    assert [record.stat for record in stats] == ["log.error"]


def test_messages_are_never_read(log: logging.Logger, stats: Captured, settings: Any) -> None:
    class Unreadable:
        def __str__(self) -> str:
            raise RuntimeError("read")

    settings.STATSD_LOG_LEVELS = True
    log.propagate = False
    try:
        log.error("%s", Unreadable())
    finally:
        log.propagate = True
    stats.assert_incr("log.error", times=1)


@pytest.mark.parametrize("name", ["django_metrics_statsd", "django_metrics_statsd.stats"])
def test_our_own_records_are_left_out(name: str, stats: Captured, settings: Any) -> None:
    settings.STATSD_LOG_LEVELS = True
    StatsdHandler().handle(logging.LogRecord(name, logging.ERROR, "", 1, "told", (), None))
    stats.assert_nothing()


def test_records_that_counting_itself_causes_are_left_out(log: logging.Logger, settings: Any) -> None:
    settings.STATSD_LOG_LEVELS = True
    heard: list[str] = []

    def listener(record: Record) -> None:
        heard.append(record.stat)
        log.error("counting makes me talk")

    statsd.listen(listener)
    try:
        log.error("told")
    finally:
        statsd.unlisten(listener)
    assert heard == ["log.error"]


def test_a_fault_of_ours_is_not_the_logs(
    log: logging.Logger, monkeypatch: pytest.MonkeyPatch, settings: Any, faults: dict[str, int]
) -> None:
    def fail(*args: Any) -> None:
        raise RuntimeError("no")

    settings.STATSD_LOG_LEVELS = True
    statsd.incr("bound")
    monkeypatch.setattr(statsd, "incr", fail)
    log.error("told")
    log.error("told")
    assert faults == {"loggers.errors": 2}


def test_the_handler_can_be_configured_by_its_path() -> None:
    import logging.config

    logging.config.dictConfig(
        {
            "version": 1,
            "disable_existing_loggers": False,
            "handlers": {
                "statsd": {"class": "django_metrics_statsd.loggers.errors.StatsdHandler", "level": "ERROR"}
            },
            "loggers": {"site.configured": {"handlers": ["statsd"]}},
        }
    )
    (handler,) = logging.getLogger("site.configured").handlers
    assert isinstance(handler, StatsdHandler)
    logging.getLogger("site.configured").removeHandler(handler)
