from __future__ import annotations

import builtins
import sys
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core import serializers

from django_metrics_statsd.observation import Observation, current
from django_metrics_statsd.patches import celery as celery_patch
from django_metrics_statsd.patches import models as model_patch
from django_metrics_statsd.testing import Captured


@pytest.fixture
def models() -> Iterator[None]:
    model_patch.patch.install()
    yield
    model_patch.patch.uninstall()


@pytest.mark.django_db
def test_instances_are_counted_when_created_updated_and_deleted(models: None, stats: Captured) -> None:
    group = Group.objects.create(name="a")
    group.name = "b"
    group.save()
    group.delete()
    assert [record.stat for record in stats] == [
        f"models.auth.Group.{what}" for what in ("create", "update", "delete")
    ]


@pytest.mark.django_db
def test_fixtures_are_not_the_sites_doing(models: None, stats: Captured) -> None:
    data = '[{"model": "auth.group", "pk": 5, "fields": {"name": "a"}}]'
    for each in serializers.deserialize("json", data):
        each.save()
    assert Group.objects.count() == 1
    stats.assert_nothing()


@pytest.mark.django_db
def test_muted_requests_count_no_instances(models: None, stats: Captured) -> None:
    token = current.set(Observation(muted=True))
    try:
        Group.objects.create(name="a")
    finally:
        current.reset(token)
    stats.assert_nothing()


@pytest.mark.django_db
def test_without_the_patch_no_instances_are_counted(stats: Captured) -> None:
    Group.objects.create(name="a")
    stats.assert_nothing()


@pytest.mark.django_db
def test_a_fault_of_ours_is_not_the_models(
    models: None, monkeypatch: pytest.MonkeyPatch, faults: dict[str, int]
) -> None:
    from django_metrics_statsd.clients import statsd

    def fail(*args: Any) -> None:
        raise RuntimeError("no")

    statsd.incr("bound")
    monkeypatch.setattr(statsd, "incr", fail)
    assert Group.objects.create(name="a").pk
    assert faults == {"patches.models": 1}


@pytest.fixture
def app() -> Iterator[Any]:
    """A Celery app whose messages stay in memory."""
    from celery import Celery

    celery_patch.patch.install()
    made = Celery("tests", broker="memory://", backend="cache+memory://", set_as_current=False)
    yield made
    made.close()
    celery_patch.patch.uninstall()


@pytest.fixture
def double(app: Any) -> Any:
    @app.task(name="site.double")
    def double(number: int) -> int:
        return 2 * number

    return double


def test_a_task_is_counted_and_timed(double: Any, stats: Captured) -> None:
    assert double.apply((2,)).get() == 4
    stats.assert_incr("celery.site.double.start", times=1)
    stats.assert_incr("celery.site.double.done", times=1)
    stats.assert_timing("celery.site.double.runtime", times=1)
    stats.assert_not("celery.site.double.failure")


def test_a_task_that_is_sent_is_counted_where_it_is_sent(double: Any, stats: Captured) -> None:
    double.delay(2)
    stats.assert_incr("celery.site.double.sent", times=1)
    stats.assert_not("celery.site.double.start")


def test_a_task_that_fails_is_counted_and_timed(app: Any, stats: Captured) -> None:
    @app.task(name="site.bad")
    def bad() -> None:
        raise ValueError("no")

    assert bad.apply().failed()
    for what in ("start", "failure", "done"):
        stats.assert_incr(f"celery.site.bad.{what}", times=1)
    stats.assert_timing("celery.site.bad.runtime", times=1)


def test_names_of_tasks_are_bounded(app: Any, stats: Captured) -> None:
    for number in range(1_100):
        celery_patch.signals.after_task_publish.send(sender=f"task{number}")
    names = {record.stat for record in stats}
    assert len(names) <= 1_001
    assert "celery._overflow.sent" in names
    celery_patch._tasks._seen.clear()


def test_odd_senders_do_not_raise(app: Any, stats: Captured, faults: dict[str, int]) -> None:
    celery_patch.signals.task_prerun.send(sender=None, task=None)
    celery_patch.signals.task_postrun.send(sender=object(), task=object())
    celery_patch.signals.task_failure.send(sender=None)
    stats.assert_incr("celery.unknown.failure", times=1)
    assert faults == {"patches.celery": 2}


def test_a_task_whose_start_was_not_seen_is_not_timed(app: Any, stats: Captured) -> None:
    class Late:
        name = "site.late"
        request = SimpleNamespace()

    task = Late()
    celery_patch.signals.task_postrun.send(sender=task, task=task)
    assert [record.stat for record in stats] == ["celery.site.late.done"]


def test_without_the_patch_no_task_is_counted(double: Any, stats: Captured) -> None:
    celery_patch.patch.uninstall()
    double.apply((2,)).get()
    stats.assert_nothing()


@pytest.mark.parametrize(
    ("module", "library"), [("patches.celery", "celery"), ("clients.datadog", "datadog")]
)
def test_without_its_library_a_part_says_which_extra_to_install(module: str, library: str) -> None:
    real = builtins.__import__

    def without(name: str, *args: Any) -> Any:
        if name.partition(".")[0] == library:
            raise ImportError(name)
        return real(name, *args)

    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.delitem(sys.modules, f"django_metrics_statsd.{module}", raising=False)
        monkeypatch.setattr(builtins, "__import__", without)
        with pytest.raises(ImportError, match=rf"pip install 'django-metrics-statsd\[{library}\]'"):
            __import__(f"django_metrics_statsd.{module}")
