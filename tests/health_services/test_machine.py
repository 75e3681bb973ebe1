"""``disk`` and ``memory``, on this machine and on machines as the kernel describes them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from django_metrics_statsd.health.checks import Disk, Memory, machine
from tests.health_services.outcomes import result_of, state_of

MEMINFO = (
    "MemTotal:       16000000 kB\nMemFree:          100000 kB\nMemAvailable:    {0} kB\nHugePages_Total: 0\n"
)


def test_this_machine_has_a_disk(tmp_path: Path) -> None:
    found = result_of(Disk(path=tmp_path, warn=0, fail=0))
    assert str(found.state) == "ok"
    assert 0 < found.details["free_percent"] <= 100
    assert found.details["free_mib"] > 0


def test_a_folder_that_is_not_made_yet_is_on_the_disk_of_the_one_above(tmp_path: Path) -> None:
    assert state_of(Disk(path=tmp_path / "media" / "books", warn=0, fail=0)) == "ok"


def test_a_full_disk_warns_and_fails(tmp_path: Path) -> None:
    assert state_of(Disk(path=tmp_path, warn=101, fail=0)) == "warn"
    found = result_of(Disk(path=tmp_path, warn=101, fail=101))
    assert str(found.state) == "fail"
    assert "of the disk is free" in found.message


def test_several_disks_are_several_parts() -> None:
    from django_metrics_statsd.health import runner

    disks = {"system": "/", "kernel": "/proc"}
    report = runner.run([Disk(path=disks, warn=0, fail=0)], fresh=True)
    found = [(result.part, str(result.state)) for result in report.results]
    assert found == [("system", "ok"), ("kernel", "ok")]


def test_this_machine_has_memory() -> None:
    found = result_of(Memory(warn=0, fail=0))
    assert str(found.state) == "ok"
    assert 0 < found.details["available_mib"] <= found.details["total_mib"]


@pytest.fixture
def described(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(machine, "_MEMINFO", tmp_path / "meminfo")
    monkeypatch.setattr(machine, "_CGROUP", tmp_path)
    monkeypatch.setattr(machine, "_SELF", tmp_path / "self")
    return tmp_path


def write(folder: Path, **files: Any) -> None:
    for name, text in files.items():
        path = folder / name.replace("__", "/").replace("_DOT_", ".")
        path.parent.mkdir(exist_ok=True)
        path.write_text(str(text))


@pytest.mark.parametrize(("available", "state"), [(8_000_000, "ok"), (800_000, "warn"), (200_000, "fail")])
def test_what_is_available_decides(described: Path, available: int, state: str) -> None:
    write(described, meminfo=MEMINFO.format(available))
    assert state_of(Memory()) == state


def test_the_limit_of_a_container_decides_where_it_is_narrower(described: Path) -> None:
    gibibyte = 1 << 30
    write(described, meminfo=MEMINFO.format(8_000_000), memory_DOT_max=gibibyte)
    write(described, memory_DOT_current=gibibyte - (50 << 20), memory_DOT_stat="anon 1\ninactive_file 0\n")
    found = result_of(Memory())
    assert str(found.state) == "warn"
    assert (found.details["available_mib"], found.details["total_mib"]) == (50, 1024)
    write(described, memory_DOT_stat=f"anon 1\ninactive_file {500 << 20}\n")
    assert state_of(Memory()) == "ok"  # what is cached of files can be had


def test_the_older_control_groups_are_known_too(described: Path) -> None:
    write(described, meminfo=MEMINFO.format(8_000_000), memory__memory_DOT_limit_in_bytes=1 << 30)
    write(described, memory__memory_DOT_usage_in_bytes=(1 << 30) - (10 << 20))
    assert state_of(Memory()) == "fail"


@pytest.mark.parametrize(
    ("group", "folder", "names"),
    [
        ("0::/system.slice/shop.service\n", "system.slice/shop.service", ("memory.max", "memory.current")),
        ("0::/system.slice/shop.service\n", "system.slice", ("memory.max", "memory.current")),
        (
            "5:cpu:/else\n4:pids,memory:/docker/a\n",
            "memory/docker/a",
            ("memory.limit_in_bytes", "memory.usage_in_bytes"),
        ),
    ],
)
def test_the_limit_of_the_own_group_and_of_those_above_counts(
    described: Path, group: str, folder: str, names: tuple[str, str]
) -> None:
    write(described, meminfo=MEMINFO.format(8_000_000), self=group)
    (described / folder).mkdir(parents=True)
    (described / folder / names[0]).write_text(str(1 << 30))
    (described / folder / names[1]).write_text(str((1 << 30) - (10 << 20)))
    assert state_of(Memory()) == "fail"


@pytest.mark.parametrize("limit", ["max", 1 << 63])
def test_no_limit_is_none(described: Path, limit: Any) -> None:
    write(described, meminfo=MEMINFO.format(8_000_000), memory_DOT_max=limit, memory_DOT_current=1 << 40)
    assert result_of(Memory()).details["total_mib"] == 15_625


@pytest.mark.parametrize("text", [None, "", "MemTotal: 5 kB", "MemTotal: x\nMemAvailable: y"])
def test_where_nothing_is_known_it_is_skipped(described: Path, text: str | None) -> None:
    if text is not None:
        write(described, meminfo=text)
    assert state_of(Memory()) == "skipped"
