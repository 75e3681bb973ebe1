from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings as django_settings
from django.core import checks as django_checks
from django.core.management import call_command
from django.test import override_settings

from django_metrics_statsd import checks, safety
from django_metrics_statsd.clients import statsd
from tests.conftest import Wire

OURS = "django_metrics_statsd.middleware.GraphiteMiddleware"


def found(**changed: Any) -> dict[str, django_checks.CheckMessage]:
    """Run all checks of ours under these settings; return the messages by their number."""
    with override_settings(**changed):
        messages = [message for check in checks.CHECKS for message in check(app_configs=None)]
    assert all(message.hint for message in messages)
    return {str(message.id).rpartition(".")[2]: message for message in messages}


@pytest.mark.django_db  # Django asks the database whether it has JSON
def test_all_is_well_with_the_settings_of_the_tests() -> None:
    assert found() == {}
    call_command("check", fail_level="ERROR")


def test_every_check_is_registered() -> None:
    registered = django_checks.registry.registry.registered_checks
    assert set(checks.CHECKS) <= set(registered)


def test_ids_are_unique_and_each_check_names_its_own_first() -> None:
    ids = [re.match(r"([EW]\d{3}): ", str(check.__doc__)) for check in checks.CHECKS]
    names = [each.group(1) for each in ids if each]
    assert len(names) == len(set(names)) == len(checks.CHECKS)
    source = Path(checks.__file__).read_text()
    used = re.findall(r'id=f"\{LABEL\}\.([EW]\d{3})"', source)
    assert sorted(used) == sorted(names)


def test_a_wrong_value_is_named_with_its_kind_and_default() -> None:
    message = found(STATSD_PORT="many")["E001"]
    assert message.msg == "STATSD_PORT is 'many', but it must be a whole number from 0 to 65535."
    assert message.hint is not None
    assert "int, 0 to 65535" in message.hint
    assert "8125" in message.hint


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("STATSD_URL", "http://x"),
        ("STATSD_TAGS", "prometheus"),
        ("STATSD_PATCHES", "django_metrics_statsd.patches.db"),
        ("STATSD_EXCLUDE", ["("]),
        ("STATSD_FLUSH_INTERVAL", 0),
        ("STATSD_CONSTANT_TAGS", ["env:prod"]),
        ("STATSD_LOG_LEVELS", "error"),
        ("STATSD_VIEW_TIMER_DETAILS", "yes"),
    ],
)
def test_wrong_values(name: str, value: Any) -> None:
    assert name in found(**{name: value})["E001"].msg


@pytest.mark.parametrize(
    ("name", "hint"),
    [
        ("STATSD_PROT", "Did you mean STATSD_PORT?"),
        ("STATSD_PREFX", "Did you mean STATSD_PREFIX?"),
        ("STATSD_ZZZZZZ", "Known are: STATSD_CLIENT, "),
    ],
)
def test_an_unknown_name_is_told_with_the_nearest_known_one(name: str, hint: str) -> None:
    message = found(**{name: 1})["W001"]
    assert message.msg == f"{name} is not a setting of this package."
    assert str(message.hint).startswith(hint)


def test_a_client_that_cannot_send_to_the_servers_kind_of_address() -> None:
    message = found(STATSD_CLIENT="django_metrics_statsd.clients.datadog", STATSD_URL="tcp://127.0.0.1:8125")[
        "E002"
    ]
    assert message.msg == (
        "STATSD_URL is 'tcp://127.0.0.1:8125', but django_metrics_statsd.clients.datadog sends to "
        "udp://, udp6://, unix:// only."
    )


@pytest.mark.parametrize("path", ["no.such_client", "django_metrics_statsd.clients.bufered", "json.decoder"])
def test_a_client_that_cannot_be_had(path: str) -> None:
    message = found(STATSD_CLIENT=["django_metrics_statsd.clients.null", path])["E002"]
    assert path in message.msg
    assert "django_metrics_statsd.clients.buffered" in str(message.hint)


@pytest.mark.parametrize(
    "path",
    ["no.such_patch", "django_metrics_statsd.patches.bd", "json.decoder", "tests.core.test_patch_base"],
)
def test_a_patch_that_cannot_be_had(path: str) -> None:
    assert f"STATSD_PATCHES names '{path}'" in found(STATSD_PATCHES=[path])["E003"].msg


def test_patches_that_settings_ask_for_otherwise() -> None:
    assert found(STATSD_MODEL_SIGNALS=True, STATSD_CELERY_SIGNALS=True) == {}


def test_the_metlog_client_needs_metlog() -> None:
    client = "django_metrics_statsd.clients.metlog"
    assert "METLOG is not set" in found(STATSD_CLIENT=client)["E004"].msg
    assert "METLOG is 3" in found(STATSD_CLIENT=client, METLOG=3)["E004"].msg
    from django_metrics_statsd.metlog import MetlogClient
    from django_metrics_statsd.metlog.senders import DebugCaptureSender

    assert "E004" not in found(STATSD_CLIENT=client, METLOG=MetlogClient(DebugCaptureSender(), "x"))


@pytest.mark.parametrize(
    ("middleware", "warned"),
    [
        ([OURS, "django.middleware.common.CommonMiddleware"], False),
        (["debug_toolbar.middleware.DebugToolbarMiddleware", OURS, "x.Y"], False),
        ([OURS, "django_metrics_statsd.middleware.GraphiteRequestTimingMiddleware", "x.Y"], False),
        (["x.Y"], False),
        ([], False),
        (None, False),
        (["x.Y", OURS], True),
        ([OURS, "x.Y", "django_metrics_statsd.middleware.GraphiteRequestTimingMiddleware"], True),
    ],
)
def test_middleware_before_ours_loses_numbers(middleware: Any, warned: bool) -> None:
    messages = found(MIDDLEWARE=middleware)
    assert ("W002" in messages) == warned
    if warned:
        assert "x.Y before" in messages["W002"].msg


def test_another_package_that_measures_the_same() -> None:
    messages = found(MIDDLEWARE=[OURS, "django_statsd.middleware.StatsdMiddleware"])
    assert "django_statsd.middleware.StatsdMiddleware" in messages["W003"].msg


def test_another_active_patch_of_a_statsd_package() -> None:
    from django.db.backends.utils import CursorWrapper

    namespace: dict[str, Any] = {}
    exec(
        compile("def execute(self, *args): ...", "/site-packages/django_statsd/patches/db.py", "exec"),
        namespace,
    )
    with pytest.MonkeyPatch.context() as monkeypatch:
        monkeypatch.setattr(CursorWrapper, "execute", namespace["execute"])
        assert "CursorWrapper.execute" in found()["W003"].msg


def test_our_own_patches_are_not_another() -> None:
    from django_metrics_statsd.patches import cache, db

    db.patch.install()
    cache.patch.install()
    try:
        assert found() == {}
    finally:
        cache.patch.uninstall()
        db.patch.uninstall()


def test_faults_are_shown(faults: dict[str, int]) -> None:
    try:
        raise RuntimeError("no")
    except RuntimeError:
        safety.failed("somewhere")
    assert "somewhere: 1" in found()["W004"].msg


def test_drops_are_shown(wire: Wire) -> None:
    assert found() == {}
    statsd.timing("took", -1)
    statsd.flush()
    message = [message for message in checks.check_drops() if message]
    assert message[0].id == "django_metrics_statsd.W005"
    assert "1 for value" in message[0].msg
    assert wire.url in str(message[0].hint)


def test_the_check_of_drops_makes_no_client() -> None:
    statsd.close()
    assert checks.check_drops() == []
    assert not statsd.made


def test_the_settings_of_this_project_are_read_as_they_are() -> None:
    assert django_settings.ROOT_URLCONF == "tests.urls"
