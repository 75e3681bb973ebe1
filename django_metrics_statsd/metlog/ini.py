"""Metlog's INI form, read into the dictionary that `client_from_dict_config` takes."""

from __future__ import annotations

import os
import re
from configparser import ConfigParser
from typing import Any, TextIO

from django.core.exceptions import ImproperlyConfigured

_INTEGER = re.compile(r"-?\d+")
_VARIABLE = re.compile(r"\$\{(\w+)\}")
_WORDS = dict.fromkeys(("true", "t", "on", "yes"), True) | dict.fromkeys(("false", "f", "off", "no"), False)


class EnvironmentNotFoundError(ImproperlyConfigured):
    """A configuration asks for an environment variable that is not set."""

    def __init__(self, varname: str) -> None:
        super().__init__(f"the metlog configuration asks for the environment variable {varname!r}; set it")
        self.varname = varname


def dict_from_stream_config(stream: TextIO, section: str) -> dict[str, Any]:
    """Read `section` and its ``{section}_filter_*`` and ``{section}_plugin_*`` sections.

    Values become integers, booleans (true t on yes, false f off no), the value of an environment
    variable (``${NAME}``), lists where there are several lines, and text otherwise.

    Raises:
        ImproperlyConfigured: there is no such section, or a filter or plugin has no ``provider``.
        EnvironmentNotFoundError: a variable is not set.
    """
    parser = ConfigParser()
    parser.read_file(stream)
    if not parser.has_section(section):
        raise ImproperlyConfigured(f"there is no section [{section}]; there are {parser.sections()}")
    config = _options(parser, section)
    filters, plugins = f"{section}_filter", f"{section}_plugin"
    sections = parser.sections()
    config["filters"] = [_spec(parser, name) for name in sections if name.startswith(filters)]
    config["plugins"] = {
        name.removeprefix(plugins + "_"): _spec(parser, name) for name in sections if name.startswith(plugins)
    }
    return config


def _options(parser: ConfigParser, section: str) -> dict[str, Any]:
    return {name: _converted(parser.get(section, name)) for name in parser.options(section)}


def _spec(parser: ConfigParser, section: str) -> tuple[str, dict[str, Any]]:
    options = _options(parser, section)
    if "provider" not in options:
        raise ImproperlyConfigured(f"section [{section}] has no provider; write a dotted path")
    del options["provider"]
    return parser.get(section, "provider"), options


def _converted(value: str) -> Any:
    if "\n" in value:
        return [_scalar(line.strip()) for line in value.splitlines() if line.strip()]
    return _scalar(value.strip())


def _scalar(value: str) -> int | bool | str:
    if _INTEGER.fullmatch(value):
        return int(value)
    if value.lower() in _WORDS:
        return _WORDS[value.lower()]
    return _VARIABLE.sub(_variable, value)


def _variable(match: re.Match[str]) -> str:
    try:
        return os.environ[match[1]]
    except KeyError:
        raise EnvironmentNotFoundError(match[1]) from None
