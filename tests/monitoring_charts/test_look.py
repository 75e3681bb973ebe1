"""The base template of all pages, and its style sheet."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
from django.template import Context, Engine

from tests.services.harness import ROOT

CORE = ROOT / "django_metrics_statsd"
PAGE_CSS = CORE / "static" / "django_metrics_statsd" / "page.css"
CHART_CSS = CORE / "monitoring" / "static" / "metrics_monitoring" / "chart.css"
STATES = ("ok", "warn", "fail", "timeout", "skipped")
CHILD = """{% extends "django_metrics_statsd/page.html" %}
{% block title %}Shop & more{% endblock %}{% block heading %}Health{% endblock %}
{% block status %}live{% endblock %}{% block main %}<p>inside</p>{% endblock %}"""


def page(*folders: Path, **context: Any) -> str:
    engine = Engine(
        dirs=[*folders, CORE / "templates"],
        libraries={
            "i18n": "django.templatetags.i18n",
            "static": "django.templatetags.static",
            "metrics_statsd": "django_metrics_statsd.templatetags.metrics_statsd",
        },
    )
    return engine.from_string(CHILD).render(Context(context))


def test_page_has_language_landmarks_and_a_place_for_news() -> None:
    markup = page()
    assert '<html lang="en-us">' in markup
    assert '<meta name="viewport"' in markup
    assert '<meta name="color-scheme" content="light dark">' in markup
    assert markup.index('href="#main"') < markup.index("<header") < markup.index('<main id="main"')
    assert '<div class="page-status" id="status" role="status">live</div>' in markup
    assert re.search(r'rel="icon" type="image/svg\+xml" href="[^"]*django_metrics_statsd/icon.svg"', markup)


def test_page_has_nothing_inline() -> None:
    markup = page(kiosk=True) + page()
    assert not re.search(r"<style|<script(?![^>]*src=)|\sstyle=|\son\w+=|data:", markup)


def test_wall_screen_is_a_class_and_has_no_skip_link() -> None:
    assert '<body class="metrics">' in page()
    assert '<body class="metrics kiosk">' in page(kiosk=True)
    assert 'class="skip"' not in page(kiosk=True)


def test_site_can_put_the_pages_into_its_own(tmp_path: Path) -> None:
    (tmp_path / "django_metrics_statsd").mkdir()
    (tmp_path / "base.html").write_text(
        "<html><body><nav>shop</nav>{% block content %}{% endblock %}</body></html>"
    )
    (tmp_path / "django_metrics_statsd" / "page.html").write_text(
        '{% extends "base.html" %}{% block content %}'
        '<div class="metrics">{% block main %}{% endblock %}</div>{% endblock %}'
    )
    markup = page(tmp_path)
    assert "<nav>shop</nav>" in markup
    assert '<div class="metrics"><p>inside</p></div>' in markup


def _blocks(css: str) -> list[dict[str, str]]:
    """The variables of the light, the chosen dark and the preferred dark theme."""
    found = [dict(re.findall(r"--metrics-([a-z0-9-]+): (#[0-9a-f]{6});", part)) for part in css.split("}")]
    return [variables for variables in found if "ground" in variables and "s8" in variables]


def _luminance(colour: str) -> float:
    """Relative luminance, as WCAG 2.2 defines it."""
    parts = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    red, green, blue = [
        part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts
    ]
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, two: str) -> float:
    light, dark = sorted((_luminance(one), _luminance(two)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


@pytest.mark.parametrize("theme", [0, 1, 2])
def test_letters_and_states_are_readable_and_lines_visible_in_each_theme(theme: int) -> None:
    colours = _blocks(PAGE_CSS.read_text())[theme]
    for ground in ("card", "ground", "raised"):
        for name in ("text", "quiet", "accent", *STATES):
            assert contrast(colours[name], colours[ground]) >= 4.5, (name, ground)
    assert contrast(colours["on-accent"], colours["accent"]) >= 4.5
    for name in ("field", *(f"s{at}" for at in range(1, 9))):
        assert contrast(colours[name], colours["card"]) >= 3, name


def test_dark_theme_is_the_same_chosen_and_preferred() -> None:
    light, chosen, preferred = _blocks(PAGE_CSS.read_text())
    assert chosen == preferred
    assert light.keys() == chosen.keys()


def test_style_sheets_use_no_variable_that_does_not_exist_and_load_nothing() -> None:
    css = PAGE_CSS.read_text() + CHART_CSS.read_text()
    made = set(re.findall(r"(--[a-z0-9-]+):", css))
    assert set(re.findall(r"var\((--[a-z0-9-]+)", css)) - made == set()
    assert "url(" not in css
    assert "@import" not in css


def test_every_rule_of_the_look_stays_below_its_own_class() -> None:
    css = re.sub(r"/\*.*?\*/", "", PAGE_CSS.read_text(), flags=re.DOTALL)
    css = re.sub(r"@keyframes[^{]*\{[^}]*\}\s*\}", "", css)
    for selector in re.findall(r"([^{}]+)\{", css):
        if "@" not in selector:
            assert ".metrics" in selector, selector


def test_page_of_the_docs_names_every_variable_and_block() -> None:
    text = (ROOT / "docs" / "look.rst").read_text()
    names = re.findall(r"(--metrics-[a-z0-9-]+):", PAGE_CSS.read_text())
    for name in set(names) - {"--metrics-state", "--metrics-shape"}:
        assert re.sub(r"-s[2-7]$", "-s1", name) in text, name
    template = (CORE / "templates" / "django_metrics_statsd" / "page.html").read_text()
    for block in re.findall(r"{% block (\w+)", template):
        assert f"``{block}``" in text, block
