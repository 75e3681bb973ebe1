from __future__ import annotations

from typing import Any

import pytest
from django.test import override_settings
from django.test.utils import _TestState

from django_metrics_statsd import conf as module
from django_metrics_statsd.conf import (
    Conf,
    all_settings,
    conf,
    debug,
    names_in_settings,
    on_change,
    project_setting,
)

NAMES = [setting.name for setting in all_settings()]


def test_every_setting_has_a_name_of_ours_a_sentence_and_a_default_that_it_may_have() -> None:
    assert len(NAMES) == len(set(NAMES)) >= 20
    for setting in all_settings():
        assert setting.name in {"METLOG", "TOOLBAR_STATSD"} or setting.name.startswith("STATSD_")
        assert setting.text.endswith(".")
        assert setting.kind.label
        setting.kind.clean(setting.default)


@pytest.mark.parametrize("name", NAMES)
def test_a_setting_is_read_anew_each_time(name: str, settings: Any) -> None:
    before = getattr(conf, name)
    with override_settings(**{name: object()}):
        getattr(conf, name)
    assert getattr(conf, name) == before


def test_override_settings_is_seen_at_once_and_undone() -> None:
    with override_settings(STATSD_PORT=9125, STATSD_PREFIX="site"):
        assert (conf.STATSD_PORT, conf.STATSD_PREFIX) == (9125, "site")
    assert (conf.STATSD_PORT, conf.STATSD_PREFIX) == (8125, "")


def test_a_wrong_value_is_said_once_and_the_default_used(
    settings: Any, caplog: pytest.LogCaptureFixture
) -> None:
    settings.STATSD_PORT = "many"
    assert [conf.STATSD_PORT, conf.STATSD_PORT] == [8125, 8125]
    assert [record.getMessage() for record in caplog.records] == [
        "setting STATSD_PORT must be a whole number from 0 to 65535; using 8125"
    ]


def test_a_problem_names_the_setting_the_value_and_what_is_allowed(settings: Any) -> None:
    port = next(setting for setting in all_settings() if setting.name == "STATSD_PORT")
    assert port.problem() is None
    settings.STATSD_PORT = -1
    assert port.problem() == "STATSD_PORT is -1, but it must be a whole number from 0 to 65535."


def test_tests_get_the_null_client_unless_one_is_set(settings: Any) -> None:
    assert conf.STATSD_CLIENT == [module.NULL_CLIENT]
    settings.STATSD_CLIENT = module.DEFAULT_CLIENT
    assert conf.STATSD_CLIENT == [module.DEFAULT_CLIENT]


def test_outside_of_tests_the_default_is_the_buffered_client(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delattr(_TestState, "saved_data")
    assert conf.STATSD_CLIENT == [module.DEFAULT_CLIENT]


def test_settings_that_are_not_ours(settings: Any) -> None:
    settings.DEBUG = True
    assert debug() is True
    assert project_setting("ROOT_URLCONF") == "tests.urls"
    assert project_setting("NO_SUCH_SETTING") is None


def test_names_in_settings_are_those_that_somebody_wrote(settings: Any) -> None:
    settings.STATSD_ZZZ = settings.STATSD_AAA = 1
    assert names_in_settings("STATSD_") == ["STATSD_AAA", "STATSD_ZZZ"]


def test_on_change_calls_back_for_its_prefixes_only() -> None:
    calls: list[str] = []
    on_change(lambda: calls.append("changed"), "OURTESTS_", "METLOG")
    with override_settings(OURTESTS_X=1):
        assert calls == ["changed"]
        with override_settings(SOMETHING_ELSE=1):
            assert calls == ["changed"]
    assert calls == ["changed", "changed"]


def test_settings_are_attributes_of_one_class() -> None:
    assert Conf.STATSD_HOST == "localhost"
