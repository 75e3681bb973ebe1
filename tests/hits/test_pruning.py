"""Deleting what is too old, or what somebody wants deleted, on real databases."""

from __future__ import annotations

import signal
from datetime import timedelta
from io import StringIO
from typing import TYPE_CHECKING, Any

import pytest
from django.core.management import CommandError, call_command
from django.db import connections
from django.utils import timezone

from django_metrics_statsd.hits.addresses import anonymise
from django_metrics_statsd.hits.conf import address_key
from django_metrics_statsd.hits.models import Event, Hit, Timing
from django_metrics_statsd.hits.pruning import Rows, cutoff, erase, prune
from django_metrics_statsd.hits.storages import Unavailable
from django_metrics_statsd.hits.storages import django as storages_django
from django_metrics_statsd.hits.storages.django import DjangoStorage
from tests.hits import samples
from tests.hits.database_servers import *  # noqa: F403 - fixtures
from tests.hits.databases import database

if TYPE_CHECKING:
    from pathlib import Path

MODELS = (Hit, Event, Timing)
DATABASES = [
    pytest.param("pg", marks=pytest.mark.service),
    pytest.param("maria", marks=pytest.mark.service),
    "sqlite",
]


@pytest.fixture(params=DATABASES)
def alias(request: pytest.FixtureRequest, settings: Any) -> str:
    """Each kind of database in turn, as the only storage."""
    name = str(request.getfixturevalue(request.param))
    settings.WT_DATABASES = {"main": {"type": "django", "hits_db": name}}
    return name


@pytest.fixture
def own(sqlite: str, settings: Any) -> str:
    settings.WT_DATABASES = {"main": {"type": "django", "hits_db": sqlite}}
    return sqlite


def fill(alias: str, *days: float) -> None:
    """Write a hit, an event and a timing for each number of days ago."""
    now = timezone.now()
    times = [now - timedelta(days=each) for each in days]
    makers = (samples.hit, samples.event, samples.timing)
    write(alias, *(make(time=time) for time in times for make in makers))


def write(alias: str, *records: Any) -> None:
    DjangoStorage("x", {"hits_db": alias}).write(records)


def counts(alias: str) -> list[int]:
    return [model._default_manager.using(alias).count() for model in MODELS]


def run(command: str, *arguments: str) -> list[str]:
    out = StringIO()
    call_command(command, *arguments, stdout=out)
    return out.getvalue().splitlines()


class Interrupted(StringIO):
    """An operator who has seen enough at the first line."""

    def write(self, text: str) -> int:
        signal.raise_signal(signal.SIGINT)
        return len(text)


class TestPrune:
    def test_what_is_older_goes_and_the_rest_stays(self, alias: str) -> None:
        fill(alias, *range(60))
        lines = run("prune_hits", "--days", "30")
        assert counts(alias) == [30, 30, 30]
        assert [line.split(" before")[0] for line in lines] == [
            f"hits in '{alias}': 30",
            f"browser timings in '{alias}': 30",
            f"events in '{alias}': 30",
        ]

    def test_batches_are_as_large_as_asked_for_and_in_the_order_of_time(self, alias: str) -> None:
        fill(alias, *range(31, 46), 1)
        rows, before = Rows(Hit, alias), cutoff(30)
        assert before is not None
        steps = prune(rows, before, 4)
        assert next(steps) == 4
        oldest = Hit.objects.using(alias).order_by("time").first()
        assert oldest is not None
        assert (timezone.now() - oldest.time).days == 41
        assert list(steps) == [4, 4, 3]
        assert counts(alias) == [1, 16, 16]

    def test_a_batch_is_more_than_one_statement_can_name(self, alias: str) -> None:
        now = timezone.now() - timedelta(days=40)
        write(alias, *(samples.hit(time=now) for _ in range(1_203)), samples.hit())
        before = cutoff(30)
        assert before is not None
        assert list(prune(Rows(Hit, alias), before, 1_100)) == [1_100, 103]
        assert counts(alias)[0] == 1

    def test_a_dry_run_counts_and_deletes_nothing(self, alias: str) -> None:
        fill(alias, 1, 31, 32)
        lines = run("prune_hits", "--dry-run")
        assert [line.split(":")[1].split()[0] for line in lines] == ["2", "2", "2"]
        assert all("would be deleted" in line for line in lines)
        assert counts(alias) == [3, 3, 3]

    def test_retention_of_nothing_is_said_plainly(self, own: str, settings: Any) -> None:
        settings.WT_RETENTION_DAYS = 0
        fill(own, 400)
        (line,) = run("prune_hits")
        assert "WT_RETENTION_DAYS is 0" in line
        assert counts(own) == [1, 1, 1]
        run("prune_hits", "--days", "30")
        assert counts(own) == [0, 0, 0]

    def test_the_settings_days_are_the_default(self, own: str, settings: Any) -> None:
        settings.WT_RETENTION_DAYS = 7
        fill(own, 6, 8)
        run("prune_hits")
        assert counts(own) == [1, 1, 1]

    def test_progress_is_shown_on_request(self, own: str) -> None:
        fill(own, *range(31, 36))
        lines = run("prune_hits", "--batch", "2", "--pause", "0.01", "--verbosity", "2")
        assert [line.partition(": ")[2] for line in lines[:3]] == [
            "2 deleted so far",
            "4 deleted so far",
            "5 deleted so far",
        ]
        assert run("prune_hits", "--verbosity", "0") == []

    def test_an_interruption_leaves_whole_batches_and_says_how_many(self, own: str) -> None:
        fill(own, *range(31, 51))
        with pytest.raises(CommandError, match=r"hits in 'kept': interrupted, 5 deleted; the next"):
            call_command("prune_hits", "--batch", "5", "--verbosity", "2", stdout=Interrupted())
        assert counts(own) == [15, 20, 20]

    @pytest.mark.parametrize(
        "arguments",
        [["--batch", "0"], ["--batch", "x"], ["--pause", "-1"], ["--days", "0"], ["--days", "-3"]],
    )
    def test_wrong_figures_are_refused(self, arguments: list[str], own: str) -> None:
        with pytest.raises(CommandError, match=arguments[0]):
            run("prune_hits", *arguments)

    def test_a_database_without_tables_is_named_in_the_error(self, own: str, tmp_path: Path) -> None:
        connections[own].settings_dict["NAME"] = tmp_path / "other.sqlite3"
        with pytest.raises(CommandError, match="no such table"):
            run("prune_hits")

    def test_only_the_database_that_is_named_is_looked_at(
        self, own: str, tmp_path: Path, settings: Any
    ) -> None:
        second = {"ENGINE": "django.db.backends.sqlite3", "NAME": tmp_path / "second.sqlite3"}
        with database("second", second) as other:
            settings.WT_DATABASES = {
                "main": {"type": "django", "hits_db": own, "events_db": other},
                "more": {"type": "django", "hits_db": other},
                "flux": {"type": "influxdb"},
            }
            fill(own, 40)
            fill(other, 40)
            run("prune_hits", "--database", own)
            assert (counts(own), counts(other)) == ([0, 1, 0], [1, 1, 1])
            run("prune_hits")
            assert (counts(own), counts(other)) == ([0, 1, 0], [0, 0, 0])
            with pytest.raises(CommandError, match="hits and events are kept in 'kept', 'second'"):
                run("prune_hits", "--database", "nowhere")

    def test_without_a_django_storage_there_is_nothing_to_prune(self, settings: Any) -> None:
        settings.WT_DATABASES = {"flux": {"type": "influxdb"}}
        with pytest.raises(CommandError, match="WT_DATABASES has no django storage"):
            run("prune_hits")


class TestMaintenance:
    def test_it_deletes_what_is_too_old(self, alias: str) -> None:
        fill(alias, 1, 29, 31, 400)
        DjangoStorage("x", {"hits_db": alias}).maintain()
        assert counts(alias) == [2, 2, 2]

    def test_it_deletes_nothing_where_all_is_kept(self, own: str, settings: Any) -> None:
        settings.WT_RETENTION_DAYS = 0
        fill(own, 400)
        DjangoStorage("x", {"hits_db": own}).maintain()
        assert counts(own) == [1, 1, 1]

    def test_it_ends_when_its_time_is_up_and_goes_on_the_next_time(self, own: str, monkeypatch: Any) -> None:
        monkeypatch.setattr(storages_django, "PRUNE_SECONDS", 0.0)
        monkeypatch.setattr(storages_django, "PRUNE_BATCH", 3)
        fill(own, *range(31, 41))
        storage = DjangoStorage("x", {"hits_db": own})
        storage.maintain()
        assert counts(own) == [7, 7, 7]
        for _ in range(3):
            storage.maintain()
        assert counts(own) == [0, 0, 0]

    def test_it_is_unavailable_without_tables(self, own: str, tmp_path: Path) -> None:
        connections[own].settings_dict["NAME"] = tmp_path / "other.sqlite3"
        with pytest.raises(Unavailable, match=r"run manage\.py migrate"):
            DjangoStorage("x", {"hits_db": own}).maintain()

    def test_it_is_put_off_where_the_database_keeps_its_rows(self, own: str) -> None:
        fill(own, 40)
        with connections[own].cursor() as cursor:
            cursor.execute(
                "CREATE TRIGGER keep BEFORE DELETE ON metrics_hits_hit BEGIN SELECT RAISE(ABORT, 'kept'); END"
            )
        with pytest.raises(Unavailable, match="kept"):
            DjangoStorage("x", {"hits_db": own}).maintain()
        assert counts(own) == [1, 1, 1]

    def test_it_leaves_no_connection(self, own: str) -> None:
        fill(own, 40)
        connections[own].close()
        DjangoStorage("x", {"hits_db": own}).maintain()
        assert connections[own].connection is None


class TestErase:
    def people(self, alias: str) -> None:
        for user, ip in (
            ("ada", "192.0.2.1"),
            ("ada", "2001:db8::1"),
            ("bob", "192.0.2.1"),
            ("", "192.0.2.11"),
        ):
            write(alias, samples.hit(user=user, ip=ip), samples.event(user=user, ip=ip), samples.timing())

    def left(self, alias: str) -> list[tuple[str, str]]:
        return sorted(Hit.objects.using(alias).values_list("user", "ip"))

    def test_a_users_rows_go_and_no_others(self, alias: str) -> None:
        self.people(alias)
        lines = run("erase_hits", "--user", "ada")
        assert lines == [f"hits in '{alias}': 2 deleted", f"events in '{alias}': 2 deleted"]
        assert counts(alias) == [2, 2, 4]
        assert self.left(alias) == [("", "192.0.2.11"), ("bob", "192.0.2.1")]

    def test_failed_logins_under_the_users_name_go_too(self, alias: str) -> None:
        tried = {"event_class": "Warning", "name": "Login failed", "user": ""}
        write(alias, samples.event(**tried, data={"username": "ada"}))
        write(alias, samples.event(**tried, data={"username": "adam"}))
        write(alias, samples.event(**{**tried, "name": "Other"}, data={"username": "ada"}))
        run("erase_hits", "--user", "ada")
        assert counts(alias)[1] == 2

    @pytest.mark.parametrize("ip", ["2001:db8::1", "2001:0DB8:0::1", "[2001:db8::1]:443"])
    def test_an_addresses_rows_go_however_it_is_written(self, ip: str, alias: str) -> None:
        self.people(alias)
        run("erase_hits", "--ip", ip)
        assert counts(alias) == [3, 3, 4]

    def test_an_ipv4_address_is_found_alone_and_within_ipv6(self, alias: str) -> None:
        self.people(alias)
        write(alias, samples.hit(ip="::ffff:192.0.2.1"))
        run("erase_hits", "--ip", "192.0.2.1")
        assert self.left(alias) == [("", "192.0.2.11"), ("ada", "2001:db8::1")]

    def test_hashed_addresses_are_found_by_the_address_itself(self, own: str, settings: Any) -> None:
        settings.WT_ANONYMIZE_IP = "hash"
        write(own, samples.hit(ip=anonymise("192.0.2.1", "hash", address_key())), samples.hit(ip="192.0.2.1"))
        write(own, samples.hit(ip=anonymise("192.0.2.2", "hash", address_key())))
        run("erase_hits", "--ip", "192.0.2.1")
        assert counts(own)[0] == 1

    def test_a_whole_network_is_not_taken_for_one_visitor(self, own: str, settings: Any) -> None:
        settings.WT_ANONYMIZE_IP = "truncate"
        write(own, samples.hit(ip="192.0.2.0"), samples.hit(ip="192.0.2.1"))
        lines = run("erase_hits", "--ip", "192.0.2.1")
        assert "rows of 192.0.2.0 are of many visitors and stay" in lines[0]
        assert self.left(own) == [("ada", "192.0.2.0")]

    def test_a_dry_run_counts_and_deletes_nothing(self, own: str) -> None:
        self.people(own)
        assert run("erase_hits", "--ip", "192.0.2.1", "--dry-run") == [
            "hits in 'kept': 2 would be deleted",
            "events in 'kept': 2 would be deleted",
        ]
        assert counts(own) == [4, 4, 4]

    def test_batches_go_on_where_the_last_one_ended(self, alias: str) -> None:
        write(alias, *(samples.hit(user=f"u{number % 3}") for number in range(30)))
        assert list(erase(Hit.objects.using(alias).filter(user="u1"), 4)) == [4, 4, 2]
        assert counts(alias)[0] == 20
        assert run("erase_hits", "--user", "u2", "--batch", "7", "-v", "2")[:2] == [
            f"hits in '{alias}': 7 deleted so far",
            f"hits in '{alias}': 10 deleted so far",
        ]

    def test_other_storages_are_said_to_be_left_alone(self, own: str, settings: Any) -> None:
        settings.WT_DATABASES = {**settings.WT_DATABASES, "flux": {"type": "influxdb"}}
        assert "'flux' (influxdb) is left alone" in run("erase_hits", "--user", "ada")[-1]

    @pytest.mark.parametrize(
        "arguments", [[], ["--user", ""], ["--ip", "nowhere"], ["--user", "a", "--ip", "192.0.2.1"]], ids=str
    )
    def test_whose_rows_must_be_said_once_and_clearly(self, arguments: list[str], own: str) -> None:
        self.people(own)
        with pytest.raises(CommandError):
            run("erase_hits", *arguments)
        assert counts(own) == [4, 4, 4]
