from __future__ import annotations

import signal
from typing import Any

import pytest
from django.apps import apps
from django.core import checks as django_checks

from django_metrics_statsd import background
from django_metrics_statsd.patches.base import wanted_patches

APP = "django_metrics_statsd"


@pytest.fixture
def ready(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Start the app anew; what it registers and installs is taken back."""
    monkeypatch.setattr(django_checks.registry.registry, "registered_checks", set())
    before = signal.getsignal(signal.SIGTERM)
    background.release_sigterm()
    yield apps.get_app_config(APP).ready
    signal.signal(signal.SIGTERM, before)


def test_the_app_has_no_tables() -> None:
    assert list(apps.get_app_config(APP).get_models()) == []


def test_start_registers_checks_and_has_sigterm_flush(ready: Any) -> None:
    ready()
    assert len(django_checks.registry.registry.registered_checks) >= 9
    assert signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL


def test_sigterm_is_left_alone_on_request(ready: Any, settings: Any) -> None:
    settings.STATSD_HANDLE_SIGTERM = False
    before = signal.getsignal(signal.SIGTERM)
    ready()
    assert signal.getsignal(signal.SIGTERM) is before


def test_start_installs_the_patches(ready: Any, settings: Any) -> None:
    from django_metrics_statsd.patches import db

    settings.STATSD_PATCHES = [f"{APP}.patches.db"]
    ready()
    installed = db.patch.installed
    db.patch.uninstall()
    assert installed


def test_a_patch_that_cannot_be_installed_does_not_stop_the_site(
    ready: Any, settings: Any, faults: dict[str, int]
) -> None:
    settings.STATSD_PATCHES = ["no.such_patch"]
    ready()
    assert faults == {"STATSD_PATCHES no.such_patch": 1}


def test_signals_are_patches_behind_settings_of_their_own(settings: Any) -> None:
    assert list(wanted_patches()) == []
    settings.STATSD_PATCHES = [f"{APP}.patches.db"]
    settings.STATSD_MODEL_SIGNALS = settings.STATSD_CELERY_SIGNALS = True
    assert list(wanted_patches()) == [f"{APP}.patches.{name}" for name in ("db", "models", "celery")]
