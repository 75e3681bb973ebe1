"""What is updated, what a failure does, and that two never update at once."""

from __future__ import annotations

import threading
from datetime import timedelta
from typing import Any

import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.utils import timezone

from django_metrics_statsd.dashboard import lease, updating
from django_metrics_statsd.dashboard.hands import Hands
from django_metrics_statsd.dashboard.live import changes
from django_metrics_statsd.dashboard.models import Lease, Widget
from django_metrics_statsd.dashboard.widget_base import DashboardWidgetBase, Need
from django_metrics_statsd.dashboard.widget_pool import DashboardWidgetPool
from tests.services.harness import wait_until

pytestmark = pytest.mark.django_db(transaction=True)
done: list[str] = []


class Good(DashboardWidgetBase):
    template_name = "x.html"

    def update_widget_data(self) -> Any:
        done.append(self.get_name())


class Bad(Good):
    def update_widget_data(self) -> Any:
        raise LookupError("no such thing")


class Same(Good):
    def update_widget_data(self) -> Any:
        return False


class Poor(Good):
    def needs(self) -> Need:
        return Need("hits", "")


@pytest.fixture(autouse=True)
def widgets(pool: DashboardWidgetPool) -> None:
    done.clear()
    for each in (Bad, Good, Same, Poor):
        pool.register_widget(each)


def test_one_that_fails_does_not_stop_the_rest_and_is_told_of() -> None:
    results = {outcome.name: outcome.result for outcome in updating.update()}
    assert results == {"Bad": "failed", "Good": "updated", "Same": "unchanged", "Poor": "needs"}
    assert Widget.objects.get(name="Bad").last_error == "LookupError: no such thing"
    assert set(changes.since(0)[1]) == {"Bad", "Good", "Poor"}
    assert updating.update() == []


def test_a_widget_that_is_well_again_loses_its_error_and_is_told_of() -> None:
    Widget.objects.create(name="Same", last_error="of before")
    updating.update(["Same"])
    assert Widget.objects.get(name="Same").last_error == ""
    assert set(changes.since(0)[1]) == {"Same"}


def test_one_that_is_switched_off_is_never_updated() -> None:
    Widget.objects.create(name="Good", enabled=False)
    updating.update(["Good"], force=True)
    assert done == []


def test_what_somebody_else_updates_is_left_alone_until_that_lease_ends() -> None:
    with lease.held(updating.LEASE):
        with pytest.raises(updating.Busy):
            updating.update()
        Lease.objects.update(expires=timezone.now() - timedelta(seconds=1))  # its holder was killed
        assert len(updating.update()) == 4


def test_a_lease_that_was_taken_over_is_noticed_and_not_given_back() -> None:
    with lease.held("x") as mine:
        assert mine is not None
        Lease.objects.update(holder="other 1 2")
        mine.renew()
        assert mine.go_on() is False
    assert lease.holder_of("x") == "other 1"


def test_a_holder_that_hangs_is_not_helped_for_ever(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease, "PATIENCE", 1.0)
    with lease.held("x") as mine:
        assert mine is not None
        before = Lease.objects.get().expires
        mine.renew()
        assert Lease.objects.get().expires == before


def test_the_command_says_what_came_of_each(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(CommandError, match=r"1 of 4 failed: Bad") as failure:
        call_command("update_widget_data", verbosity=2)
    assert failure.value.returncode == 1
    said = capsys.readouterr()
    assert "Good: updated" in said.out
    assert "Poor: needs" in said.out
    assert "Bad: failed" in said.err
    call_command("update_widget_data")
    assert "Nothing is due." in capsys.readouterr().out
    call_command("update_widget_data", "Good", force=True, verbosity=0)
    assert done == ["Good", "Good"]
    assert capsys.readouterr().out == ""


def test_the_command_tells_who_is_at_it() -> None:
    with lease.held(updating.LEASE), pytest.raises(CommandError, match="process") as busy:
        call_command("update_widget_data", wait=0)
    assert busy.value.returncode == 75


def test_the_command_knows_the_names() -> None:
    with pytest.raises(CommandError, match="no widget 'Gone'; there are Bad, Good"):
        call_command("update_widget_data", "Gone")


class Hanging(Good):
    """Waits for something that does not come, such as another server's answer."""

    free = threading.Event()

    def update_widget_data(self) -> Any:
        type(self).free.wait(30)
        done.append("Hanging")


def test_one_that_hangs_is_given_up_and_holds_up_no_other(pool: DashboardWidgetPool) -> None:
    pool._widgets = {}
    Hanging.free.clear()
    for each in (Hanging, Good):
        pool.register_widget(each)
    hands = Hands(limit=3)
    try:
        results = {outcome.name: outcome for outcome in updating.update(hands=hands)}
        assert results["Good"].result == "updated"
        assert results["Hanging"].result == "failed"
        assert "has not ended within 3 seconds" in Widget.objects.get(name="Hanging").last_error
        assert [each.name for each in updating.update(force=True, hands=hands)] == [
            "Good"
        ]  # not a second one
    finally:
        Hanging.free.set()
        wait_until(lambda: not hands.hangs("Hanging"), "the widget to end after all")
        hands.end()
    assert "Hanging" in done
    assert Widget.objects.get(name="Hanging").last_error == ""
    hands = Hands()
    assert {each.result for each in updating.update(force=True, hands=hands)} == {"updated"}
    hands.end()


class Late(Good):
    def update_widget_data(self) -> Any:
        raise TimeoutError("the other server is slow")


def test_a_time_out_of_the_widgets_own_is_a_failure_like_any_other(pool: DashboardWidgetPool) -> None:
    pool._widgets = {}
    pool.register_widget(Late)
    hands = Hands()
    (outcome,) = updating.update(hands=hands)
    hands.end()
    assert outcome.note == "TimeoutError: the other server is slow"
    assert not hands.hangs("Late")
