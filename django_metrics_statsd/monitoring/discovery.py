"""Finds the module `monitors` of each installed app, where monitors are registered."""

from __future__ import annotations

from django.utils.module_loading import autodiscover_modules


def discover() -> None:
    """Import ``monitors`` of every installed app that has one.

    What such a module raises goes on to whoever starts the site, as with the admin's modules: a
    monitor registered twice, or with a model that does not fit, is a mistake to mend before anybody adds.
    """
    autodiscover_modules("monitors")
