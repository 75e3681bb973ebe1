"""Where addresses are, by real databases, and what happens when these change, break or are not there."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_metrics_statsd.hits.enrichment import geo
from django_metrics_statsd.hits.records import Geo
from tests.services.geoip import ASN, BROKEN, BROKEN_AT, CITY, COUNTRY, ENTERPRISE, database
from tests.services.harness import ROOT

pytestmark = pytest.mark.service

LONDON = Geo(
    latitude=51.5142,
    longitude=-0.0931,
    country_code="GB",
    country_name="United Kingdom",
    region="ENG",
    city="London",
)
AT_LONDON = "81.2.69.142"


@pytest.fixture(autouse=True)
def looks_at_once(monkeypatch: pytest.MonkeyPatch, settings: Any) -> None:
    """Every call looks for a change, so that no test has to wait for one."""
    monkeypatch.setattr(geo, "CHECK_SECONDS", 0.0)
    settings.GEOIP_PATH = None


def put(name: str, at: Path) -> Path:
    """Replace a file as geoipupdate does: a new one, under another name, renamed."""
    new = at.with_name("new")
    shutil.copyfile(database(name), new)
    return new.rename(at)


def test_a_city_database_tells_all_it_knows(settings: Any) -> None:
    settings.GEOIP_PATH = database(CITY)
    assert geo.locate(AT_LONDON) == LONDON
    assert geo.locate("216.160.83.56") == Geo(
        latitude=47.2513,
        longitude=-122.3149,
        postal_code="98354",
        country_code="US",
        country_name="United States",
        region="WA",
        dma_code="819",
        city="Milton",
    )


def test_the_region_is_the_code_of_the_largest_subdivision(settings: Any) -> None:
    settings.GEOIP_PATH = database(CITY)
    found = geo.locate("2.125.160.216")  # in England, and there in West Berkshire
    assert found is not None
    assert (found.city, found.region, found.postal_code) == ("Boxford", "ENG", "OX1")


def test_a_region_without_a_code_has_its_name() -> None:
    found = geo._geo({"subdivisions": [{"names": {"de": "Bayern", "en": "Bavaria"}}]})
    assert found == Geo(region="Bavaria")


def test_a_country_database_tells_the_country(settings: Any) -> None:
    settings.GEOIP_PATH = str(database(COUNTRY))
    assert geo.locate(AT_LONDON) == Geo(country_code="GB", country_name="United Kingdom")


def test_an_enterprise_database_will_do(settings: Any) -> None:
    settings.GEOIP_PATH = database(ENTERPRISE)
    found = geo.locate(AT_LONDON)
    assert found is not None
    assert (found.country_code, found.city) == ("GB", "London")


def test_ipv6_and_ipv4_within_ipv6_are_found(settings: Any) -> None:
    settings.GEOIP_PATH = database(CITY)
    found = geo.locate("2001:218::1")
    assert found is not None
    assert found.country_code == "JP"
    assert geo.locate(f"::ffff:{AT_LONDON}") == LONDON


@pytest.mark.parametrize(
    "ip",
    ["127.0.0.1", "10.1.2.3", "192.168.1.1", "172.16.0.1", "169.254.1.1", "100.64.0.1", "0.0.0.0",
     "192.0.2.1", "240.0.0.1", "255.255.255.255", "::1", "::", "fe80::1", "fd00::1", "2001:db8::1",
     "::ffff:10.1.2.3", "8.8.8.8", "214.1.1", "", "unknown", "81.2.69.142:80", "x" * 64],
)  # fmt: skip
def test_private_reserved_unknown_and_no_addresses_are_nowhere(settings: Any, ip: str) -> None:
    settings.GEOIP_PATH = database(CITY)
    assert geo.locate(ip) is None


@given(st.ip_addresses().map(str) | st.text(max_size=64))
def test_nothing_raises(ip: str) -> None:
    reader = geo.maxminddb.open_database(database(CITY))
    found = geo._locate(reader, ip)
    reader.close()
    assert found is None or isinstance(found, Geo)


def test_without_a_path_there_is_no_place() -> None:
    assert geo.locate(AT_LONDON) is None
    assert list(geo.problems()) == []
    (message, hint), = geo.gaps()  # fmt: skip
    assert "GEOIP_PATH is not set" in message
    assert "GeoLite2-City.mmdb" in hint


def test_answers_are_remembered_until_the_database_changes(settings: Any, tmp_path: Path) -> None:
    settings.GEOIP_PATH = put(CITY, tmp_path / "geo.mmdb")
    first = geo.locate(AT_LONDON)
    assert geo.locate(AT_LONDON) is first
    put(COUNTRY, tmp_path / "geo.mmdb")
    assert geo.locate(AT_LONDON) == Geo(country_code="GB", country_name="United Kingdom")


def test_a_change_is_looked_for_only_now_and_then(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(geo, "CHECK_SECONDS", 3600.0)
    settings.GEOIP_PATH = put(CITY, tmp_path / "geo.mmdb")
    assert geo.locate(AT_LONDON) == LONDON
    (tmp_path / "geo.mmdb").unlink()
    assert geo.locate(AT_LONDON) == LONDON


def test_a_file_that_is_cut_short_in_place_keeps_the_one_before(
    settings: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    path = put(CITY, tmp_path / "geo.mmdb")
    settings.GEOIP_PATH = path
    assert geo.locate(AT_LONDON) == LONDON
    whole = database(CITY).read_bytes()
    with path.open("r+b") as file:  # as cp does: the same file, emptied, then written bit by bit
        for size in (0, 100, len(whole) // 2, len(whole) - 5_000):
            file.seek(0)
            file.write(whole[:size])
            file.truncate()
            file.flush()
            assert geo.locate("2.125.160.216") is not None
            assert geo.locate(AT_LONDON) == LONDON
    said = [record.getMessage() for record in caplog.records]
    assert said == [
        (
            f"no new GeoIP database: {path} is no GeoIP2 database, or a part of one only "
            "(the one before stays in use)"
        )
    ]


@pytest.mark.parametrize("what", ["gone", "junk", "asn"])
def test_what_cannot_be_used_keeps_the_one_before_and_is_said_once(
    settings: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    path = put(CITY, tmp_path / "geo.mmdb")
    settings.GEOIP_PATH = path
    assert geo.locate(AT_LONDON) == LONDON
    path.unlink()
    if what != "gone":
        path.write_bytes(b"junk" if what == "junk" else database(ASN).read_bytes())
    assert [geo.locate(AT_LONDON) for _ in range(3)] == [LONDON] * 3
    assert len(caplog.records) == 1
    put(COUNTRY, path)
    assert geo.locate(AT_LONDON) == Geo(country_code="GB", country_name="United Kingdom")


def test_a_path_that_is_filled_later_is_found(
    settings: Any, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    settings.GEOIP_PATH = tmp_path
    assert [geo.locate(AT_LONDON) for _ in range(3)] == [None] * 3
    (said,) = [record.getMessage() for record in caplog.records]
    assert f"GEOIP_PATH is {str(tmp_path)!r}, which has no .mmdb file (geo fields stay empty)" in said
    put(CITY, tmp_path / "GeoLite2-City.mmdb")
    assert geo.locate(AT_LONDON) == LONDON


def test_a_record_that_is_broken_is_nowhere_and_the_others_are_found(
    settings: Any, faults: dict[str, int]
) -> None:
    settings.GEOIP_PATH = database(BROKEN)
    assert geo.locate(BROKEN_AT) is None
    assert faults == {"hits.geo": 1}
    assert geo.locate("8.8.8.8") is None


def test_a_file_that_is_written_to_while_it_is_read_is_read_again(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = put(CITY, tmp_path / "geo.mmdb")
    settings.GEOIP_PATH = path
    reading = geo._open_copy

    def interrupted(path: Path) -> Any:
        monkeypatch.undo()
        reader = reading(path)
        path.write_bytes(database(COUNTRY).read_bytes())
        return reader

    monkeypatch.setattr(geo, "_open_copy", interrupted)
    with pytest.raises(geo.Unusable, match="changed while it was read"):
        geo.opened(path)
    assert geo.locate(AT_LONDON) == Geo(country_code="GB", country_name="United Kingdom")


def test_of_a_folder_the_best_kind_counts_and_of_these_the_newest(tmp_path: Path) -> None:
    names = ["GeoLite2-ASN.mmdb", "geo.mmdb", "GeoIP2-Country.mmdb", "dbip-city-lite-2026-10.mmdb",
             "dbip-city-lite-2026-11.mmdb"]  # fmt: skip
    for age, name in enumerate(reversed(names)):
        tmp_path.joinpath(name).touch()
        os.utime(tmp_path / name, (1e9 - age, 1e9 - age))
    tmp_path.joinpath("GeoIP2-City.mmdb").mkdir()
    tmp_path.joinpath("GeoLite2-City.mmdb.gz").touch()
    found = []
    for _ in names:
        best = geo.find(tmp_path)
        found.append(best.name)
        best.unlink()
    assert found[:3] == names[:2:-1] + names[2:3]
    assert set(found[3:]) == set(names[:2])


def test_a_folder_is_read_as_it_is_now(settings: Any, tmp_path: Path) -> None:
    settings.GEOIP_PATH = tmp_path
    put(COUNTRY, tmp_path / "GeoLite2-Country.mmdb")
    assert geo.locate(AT_LONDON) == Geo(country_code="GB", country_name="United Kingdom")
    put(CITY, tmp_path / "GeoLite2-City.mmdb")
    assert geo.locate(AT_LONDON) == LONDON


def test_without_room_for_a_copy_the_file_is_read_into_memory(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(geo.tempfile, "tempdir", "/nowhere/at/all")
    settings.GEOIP_PATH = database(CITY)
    assert geo.locate(AT_LONDON) == LONDON


def test_no_copy_is_left(settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(geo.tempfile, "tempdir", str(tmp_path))
    settings.GEOIP_PATH = database(CITY)
    assert geo.locate(AT_LONDON) == LONDON
    settings.GEOIP_PATH = database(ASN)
    assert geo.locate(AT_LONDON) is None
    assert list(tmp_path.iterdir()) == []


def test_threads_share_one_database_while_it_changes(settings: Any, tmp_path: Path) -> None:
    settings.GEOIP_PATH = put(CITY, tmp_path / "geo.mmdb")
    assert geo.locate(AT_LONDON) == LONDON
    found: list[Geo | None] = []
    threads = [
        threading.Thread(target=lambda: found.extend(geo.locate(AT_LONDON) for _ in range(300)))
        for _ in range(4)
    ]
    for thread in threads:
        thread.start()
    for name in (COUNTRY, CITY) * 5:
        put(name, tmp_path / "geo.mmdb")
        geo.locate(AT_LONDON)
    for thread in threads:
        thread.join()
    assert len(found) == 1_200
    assert {each.country_code if each else None for each in found} == {"GB"}


def test_at_first_every_thread_waits_for_the_database_which_is_opened_once(
    settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(geo, "CHECK_SECONDS", 3600.0)
    settings.GEOIP_PATH = database(CITY)
    opened, found = geo.opened, []
    times: list[Path] = []
    monkeypatch.setattr(geo, "opened", lambda path: times.append(path) or opened(path))
    threads = [threading.Thread(target=lambda: found.append(geo.locate(AT_LONDON))) for _ in range(8)]
    with geo._current._lock:  # as if one of them was at it
        for thread in threads:
            thread.start()
        assert found == []
    for thread in threads:
        thread.join()
    assert found == [LONDON] * 8
    assert times == [database(CITY)]


FORK = """
import os, sys, django
from django.conf import settings
settings.configure(GEOIP_PATH=sys.argv[1])
from django_metrics_statsd.hits.enrichment import geo
geo._current._lock.acquire()
child = os.fork()
if not child:
    os._exit(0 if geo.locate("81.2.69.142") else 3)
sys.exit(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""


def test_a_child_is_not_held_up_by_a_lock_of_its_parent() -> None:
    done = subprocess.run([sys.executable, "-c", FORK, database(CITY)], cwd=ROOT, timeout=30, check=False)
    assert done.returncode == 0


def told(path: object, settings: Any) -> tuple[str, str]:
    settings.GEOIP_PATH = path
    ((message, hint),) = geo.problems()
    assert message.endswith(".")
    assert "GeoLite2-City.mmdb" in hint
    return message, hint


@pytest.mark.parametrize("name", [CITY, COUNTRY, ENTERPRISE])
def test_a_database_that_can_be_used_is_no_problem(settings: Any, name: str) -> None:
    settings.GEOIP_PATH = database(name)
    assert list(geo.problems()) == []
    assert list(geo.gaps()) == []


def test_a_path_to_nothing_is_a_problem(settings: Any, tmp_path: Path) -> None:
    path = tmp_path / "nothing.mmdb"
    assert told(path, settings)[0] == f"GEOIP_PATH is {str(path)!r}, but there is no such file or folder."


def test_a_folder_without_a_database_is_a_problem(settings: Any, tmp_path: Path) -> None:
    assert told(tmp_path, settings)[0] == f"GEOIP_PATH is {str(tmp_path)!r}, which has no .mmdb file."


@pytest.mark.parametrize("name", ["GeoIP.dat", "GeoLiteCity.dat", "GEOIPv6.DAT"])
def test_databases_of_the_old_format_are_named(settings: Any, tmp_path: Path, name: str) -> None:
    tmp_path.joinpath(name).write_bytes(b"old")
    for path in (tmp_path, tmp_path / name):
        message, _ = told(path, settings)
        assert (
            "which has no .mmdb file; GeoIP.dat, GeoLiteCity.dat and others of these old formats" in message
        )


def test_the_old_ones_beside_a_new_one_do_no_harm(settings: Any, tmp_path: Path) -> None:
    tmp_path.joinpath("GeoIP.dat").write_bytes(b"old")
    put(CITY, tmp_path / "GeoLite2-City.mmdb")
    settings.GEOIP_PATH = tmp_path
    assert list(geo.problems()) == []


def test_a_file_that_is_no_database_is_a_problem(settings: Any, tmp_path: Path) -> None:
    for content in (b"", b"junk" * 1_000, database(CITY).read_bytes()[:-500]):
        path = tmp_path / "geo.mmdb"
        path.write_bytes(content)
        assert told(path, settings)[0] == (f"{path} is no GeoIP2 database, or a part of one only.")


def test_a_database_of_something_else_is_a_problem(settings: Any) -> None:
    path = database(ASN)
    message, _ = told(path, settings)
    assert message == (
        f"{path} is a database of the type 'GeoLite2-ASN'; one of cities or countries is needed."
    )


def test_a_file_that_may_not_be_read_is_a_problem(
    settings: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # Root may read everything, so a folder that cannot be entered stands for it: a name in a file.
    path = put(CITY, tmp_path / "geo.mmdb") / "inside"
    monkeypatch.setattr(geo, "find", lambda path: path)
    assert "which cannot be read" in told(path, settings)[0]
