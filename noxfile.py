"""Runs the tests with every supported pair of Python and Django: ``nox --list``.

The one list of versions is pyproject.toml's classifiers.
"""

from __future__ import annotations

import re

import nox

nox.options.default_venv_backend = "venv"
nox.options.error_on_missing_interpreters = False

PROJECT = nox.project.load_toml("pyproject.toml")
#: The oldest Python of each major version of Django (its release notes).
OLDEST_PYTHON = {5: (3, 10), 6: (3, 12)}


def versions(what: str) -> list[str]:
    """Return the versions that the classifiers name, oldest first."""
    classifiers = "\n".join(PROJECT["project"]["classifiers"])
    found = re.findall(rf"^{re.escape(what)} :: (\d+\.\d+)$", classifiers, re.MULTILINE)
    return sorted(found, key=numbers)


def numbers(version: str) -> tuple[int, ...]:
    """Return a version as something that can be compared."""
    return tuple(map(int, version.split(".")))


PAIRS = [
    (python, django)
    for django in versions("Framework :: Django")
    for python in versions("Programming Language :: Python")
    if numbers(python) >= OLDEST_PYTHON[numbers(django)[0]]
]


def install(session: nox.Session, django: str, *groups: str) -> None:
    """Install this package with everything optional, and dependency groups."""
    session.install("--upgrade", "pip>=25.1")
    options = [option for group in groups for option in ("--group", group)]
    session.install("--editable", ".[all]", *options, f"django~={django}.0")


@nox.session(tags=["tests"])
@nox.parametrize(("python", "django"), PAIRS)
def tests(session: nox.Session, django: str) -> None:
    """Run every test; arguments after ``--`` go to pytest."""
    install(session, django, "test", "docs")
    session.run("pytest", *session.posargs)


@nox.session(tags=["tests"])
@nox.parametrize("toolbar", ["6.0", "7.0", "8.0"])
def toolbar(session: nox.Session, toolbar: str) -> None:
    """Run the panel's tests with each major version of the debug toolbar."""
    install(session, versions("Framework :: Django")[0], "test")
    session.install(f"django-debug-toolbar~={toolbar}")
    session.run("pytest", "tests/toolbar", "--ds=tests.toolbar.settings", *session.posargs)


@nox.session
def lint(session: nox.Session) -> None:
    """Look at style and types."""
    install(session, versions("Framework :: Django")[0], "lint")
    session.run("ruff", "check", ".")
    session.run("ruff", "format", "--check", ".")
    session.run("mypy")


@nox.session
def docs(session: nox.Session) -> None:
    """Build the pages; a warning is an error."""
    install(session, versions("Framework :: Django")[0], "docs")
    session.run("sphinx-build", "-W", "-n", "-b", "html", "docs", "docs/_build/html")
