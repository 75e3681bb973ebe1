"""Whole charts, from the odd and the hostile to the plain."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal
from math import inf, isfinite, nan
from typing import Any
from xml.etree import ElementTree as ET
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from django_metrics_statsd.monitoring.charts import (
    Annotation,
    Chart,
    Series,
    Threshold,
    is_over,
    render,
    render_sparkline,
)
from tests.monitoring_charts import samples

SVG = "{http://www.w3.org/2000/svg}"
_NUMBER = re.compile(r"[-+]?(?:\d+\.?\d*(?:[eE][-+]?\d+)?|\binf\b|\bnan\b)", re.IGNORECASE)
_PLACES = ("x", "y", "x1", "x2", "y1", "y2", "d")
_DATA = ("data-t", "data-v", "data-start", "data-span", "data-low", "data-high", "data-divisor", "data-shift")


def tree(markup: str) -> ET.Element:
    """The figure as XML: boolean attributes, which HTML allows, get a value first."""
    plain = re.sub(
        r" (data-(?:chart|moment|value|stacked|seconds))(?=[ >])",
        r' \1=""',
        markup,
    )
    return ET.fromstring(plain)


def check(markup: str) -> None:
    """What holds for each chart: XML, finite numbers, inside of the drawing, and nothing inline."""
    root = tree(markup)
    for each in root.iter():
        assert "style" not in each.attrib
        assert not [name for name in each.attrib if name.startswith("on")]
        assert each.tag.removeprefix(SVG) not in {"script", "style", "foreignObject"}
        for name in (*_PLACES, *_DATA):
            for number in _NUMBER.findall(each.get(name, "")):
                assert isfinite(float(number)), (name, number)
    for path in root.iter(f"{SVG}path"):
        numbers = [int(number) for number in re.findall(r"-?\d+", path.get("d", ""))]
        assert all(0 <= number <= 10_001 for number in numbers)


@pytest.mark.parametrize("make", samples.ALL)
def test_sample_is_sound(make: Any) -> None:
    check(render(make()))


def test_nothing_hostile_gets_out_of_its_place() -> None:
    markup = render(samples.hostile())
    assert "<script" not in markup
    assert '"onload' not in markup
    root = tree(markup)
    assert root.findtext(".//span[@class='chart-title']") == samples.HOSTILE
    assert root.find(".//*[@class='mark']").get("data-text") == samples.HOSTILE  # type: ignore[union-attr]
    check(markup)


_values = st.one_of(
    st.none(),
    st.floats(),
    st.sampled_from([1e300, -1e300, 5e-324, -5e-324, 1e-300, 0.0, -0.0, inf, -inf, nan, 10**400]),
    st.integers(),
    st.decimals(),
)
_moments = st.one_of(
    st.floats(),
    st.integers(0, 2_000_000_000),
    st.datetimes(timezones=st.one_of(st.none(), st.just(UTC), st.timezones())),
)
_zones = st.sampled_from(
    [
        UTC,
        ZoneInfo("Europe/Berlin"),
        ZoneInfo("America/Sao_Paulo"),
        ZoneInfo("Australia/Lord_Howe"),
        ZoneInfo("Asia/Kathmandu"),
        ZoneInfo("Pacific/Apia"),
        timezone(timedelta(hours=-23, minutes=-59)),
    ]
)
_texts = st.text(max_size=12)
_series = st.builds(
    Series, _texts, st.lists(st.tuples(_moments, _values), max_size=30), compare=st.booleans()
)
_charts = st.builds(
    Chart,
    title=_texts,
    series=st.lists(_series, max_size=4),
    start=_moments,
    end=_moments,
    unit=st.sampled_from(["", "ms", "s", "us", "bytes", "%", "ratio", "requests/s", "<b>"]),
    tz=_zones,
    kind=st.sampled_from(["line", "area", "bars"]),
    stacked=st.booleans(),
    step=st.one_of(st.none(), st.floats(0, 1e9), st.just(-1.0), st.just(nan), st.just(inf)),
    thresholds=st.lists(st.builds(Threshold, st.floats(), _texts, st.booleans()), max_size=3),
    annotations=st.lists(st.builds(Annotation, _moments, _texts), max_size=30),
    rows=st.integers(-1, 300),
)


def _is_xml(text: str) -> bool:
    """Whether XML 1.0 has all its letters, which HTML does not ask for."""
    return not re.search("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]", text)


@given(_charts)
def test_no_data_raises_or_gets_out(chart: Chart) -> None:
    markup = render(chart)
    labels = [each.label for each in (*chart.series, *chart.thresholds)]
    if all(map(_is_xml, [chart.title, *labels, *(each.text for each in chart.annotations)])):
        check(markup)


@given(
    st.lists(st.tuples(st.integers(0, 86_400), _values), min_size=1, max_size=200),
    st.sampled_from(["line", "area", "bars"]),
    st.booleans(),
)
def test_points_inside_of_the_span_are_drawn_soundly(points: list[Any], kind: Any, stacked: bool) -> None:
    series = [Series("a", points), Series("b", points[::2]), Series("c", points, compare=True)]
    check(render(Chart("T", series, 0, 86_400, kind=kind, stacked=stacked, step=60)))


@given(st.lists(_values, max_size=50), _texts)
def test_sparkline_never_raises(values: list[Any], label: str) -> None:
    markup = render_sparkline(values, label)
    if _is_xml(label):
        root = ET.fromstring(markup)
        assert all(
            0 <= int(number) <= 10_000 for path in root for number in re.findall(r"-?\d+", path.get("d", ""))
        )


def _chart(*values: Any, **more: Any) -> Chart:
    points = [(60 * at, value) for at, value in enumerate(values)]
    return Chart("Orders", [Series("shop", points)], 0, 60 * max(len(values) - 1, 1), **more)


def test_chart_without_values_says_so_and_has_no_picture() -> None:
    for chart in (_chart(), _chart(None, nan, inf), replace(_chart(1.0), series=[])):
        markup = render(chart)
        assert "No values from 1970-01-01 00:00" in markup
        assert "<svg" not in markup


def test_gap_breaks_the_line() -> None:
    markup = render(_chart(1, 2, None, 3, 4))
    assert re.findall(r'class="line" d="([^"]*)"', markup)[0].count("M") == 2


@pytest.mark.parametrize("value", [None, nan, inf, -inf])
def test_what_is_no_number_is_a_gap(value: Any) -> None:
    assert render(_chart(1, 2, value, 3, 4)) == render(_chart(1, 2, None, 3, 4))


def test_hole_of_more_than_two_steps_breaks_the_line() -> None:
    points = [(0, 1), (60, 2), (120, 2), (600, 3), (660, 3)]
    chart = Chart("T", [Series("a", points)], 0, 660)
    for step, parts in ((None, 1), (60, 2), (240, 1)):
        markup = render(replace(chart, step=step))
        assert re.findall(r'class="line" d="([^"]*)"', markup)[0].count("M") == parts


@pytest.mark.parametrize("step", [0.0, -1.0, nan, inf])
@pytest.mark.parametrize("kind", ["line", "bars"])
def test_step_that_can_be_none_is_left_out(step: float, kind: Any) -> None:
    chart = _chart(1, 2, 3, kind=kind)
    assert render(replace(chart, step=step)) == render(chart)


def test_one_point_is_a_dot() -> None:
    markup = render(_chart(None, 5, None))
    assert re.search(r'class="dots" d="M\d+ \d+h0"', markup)
    assert 'class="line"' not in markup


def test_order_of_points_does_not_matter_nor_how_times_and_numbers_are_given() -> None:
    points: list[Any] = [(at * 60, at * 1.5) for at in range(10)]
    aware = [(datetime.fromtimestamp(time, UTC), Decimal(str(value))) for time, value in points]
    naive = [(time.replace(tzinfo=None), value) for time, value in aware]
    mixed = [points[0], *aware[1:]]
    expected = render(Chart("T", [Series("a", points)], 0, 540))
    for given_points in (points[::-1], aware, naive, mixed):
        assert render(Chart("T", [Series("a", given_points)], 0, 540)) == expected


def test_summary_says_kind_span_lowest_highest_and_latest() -> None:
    said = tree(render(_chart(3, 1, 2.5, unit="ms"))).findtext(f".//{SVG}desc")
    assert said == (
        "Line chart from 1970-01-01 00:00 to 1970-01-01 00:02. "
        "shop: lowest 1 ms, highest 3 ms, latest 2.5 ms."
    )


@pytest.mark.parametrize(
    ("values", "threshold", "over"),
    [
        ([1, 9], Threshold(5), True),
        ([9, 1], Threshold(5), False),
        ([1, 5], Threshold(5), False),
        ([9, 1], Threshold(5, below=True), True),
        ([1, 9], Threshold(5, below=True), False),
        ([1, 9, None], Threshold(5), True),
        ([None], Threshold(5), False),
    ],
)
def test_chart_is_red_when_the_last_value_is_beyond(values: Any, threshold: Threshold, over: bool) -> None:
    chart = _chart(*values, thresholds=[threshold])
    assert is_over(chart) is over
    assert ('<figure class="chart over"' in render(chart)) is over
    assert ("over the limit" in render(chart)) is over


def test_past_that_is_compared_never_turns_the_chart_red() -> None:
    series = [Series("now", [(0, 1), (60, 1)]), Series("before", [(0, 9), (60, 9)], compare=True)]
    chart = Chart("T", series, 0, 60, thresholds=[Threshold(5)])
    assert not is_over(chart)
    assert re.search(r'<g class="s1 compare"', render(chart))


def test_threshold_far_away_does_not_press_the_line_flat() -> None:
    near, far = (
        render(_chart(1, 2, thresholds=[Threshold(5)])),
        render(_chart(1, 2, thresholds=[Threshold(500)])),
    )
    assert 'class="threshold"' in near
    assert 'class="threshold"' not in far
    assert "at most 500" in far


def test_colours_repeat_after_eight_and_the_past_has_that_of_its_pair() -> None:
    series = [Series(str(at), [(0, at), (60, at)]) for at in range(9)]
    series += [Series(f"past {at}", [(0, at), (60, at)], compare=True) for at in range(2)]
    found = re.findall(r'<g class="(s\d(?: compare)?)"', render(Chart("T", series, 0, 60)))
    assert found == ["s1", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s1", "s1 compare", "s2 compare"]


def test_table_has_the_latest_first_and_says_when_it_shows_a_part() -> None:
    markup = render(_chart(*range(500), rows=20))
    rows = re.findall(r'<tr><th scope="row">([^<]*)</th><td class="number">([^<]*)</td></tr>', markup)
    assert len(rows) == 20
    assert rows[0] == ("1970-01-01 08:19", "499")
    assert "The latest 20 times only." in markup
    assert "times only" not in render(_chart(*range(20), rows=20))
    assert "<table" not in render(_chart(1, 2, rows=0))


def test_table_joins_series_by_time() -> None:
    series = [Series("a", [(0, 1), (60, 2)]), Series("b", [(60, 3), (120, None)])]
    rows = re.findall(r"<tr><th scope=\"row\">.*?</tr>", render(Chart("T", series, 0, 120)))
    assert [re.findall(r">([^<]+)</t", row)[1:] for row in rows] == [["–", "–"], ["2", "3"], ["1", "–"]]


def test_series_of_the_same_times_share_them_in_the_markup() -> None:
    times = [(at, at) for at in range(50)]
    assert render(Chart("T", [Series("a", times), Series("b", times)], 0, 50)).count("data-t=") == 1
    assert render(Chart("T", [Series("a", times), Series("b", times[1:])], 0, 50)).count("data-t=") == 2


def test_size_does_not_grow_with_the_number_of_points() -> None:
    few = render(
        Chart(
            "T", [Series("a", samples.wave(1_000, samples.DAY, 5, 4))], samples.END - samples.DAY, samples.END
        )
    )
    many = render(
        Chart(
            "T",
            [Series("a", samples.wave(50_000, samples.DAY, 5, 4))],
            samples.END - samples.DAY,
            samples.END,
        )
    )
    assert len(many) < 1.3 * len(few)


def test_more_than_200_bars_become_an_area() -> None:
    points = [(at * 60, at) for at in range(201)]
    chart = Chart("T", [Series("a", points[:200])], 0, 60 * 201, kind="bars")
    assert '<svg class="series bars"' in render(chart)
    assert '<svg class="series area"' in render(replace(chart, series=[Series("a", points)]))


def test_stacked_bars_stand_on_each_other() -> None:
    series = [Series("a", [(0, 1)]), Series("b", [(0, 3)])]
    markup = render(Chart("T", series, 0, 60, kind="bars", stacked=True, step=60))
    bars = [list(map(int, re.findall(r"\d+", d))) for d in re.findall(r'class="fill" d="([^"]*)"', markup)]
    assert [(y0, y1) for _, y0, y1, _, _ in bars] == [(3000, 2250), (2250, 0)]


def test_bars_of_several_series_stand_side_by_side() -> None:
    series = [Series("a", [(0, 1)]), Series("b", [(0, 3)])]
    markup = render(Chart("T", series, 0, 100, kind="bars", step=100))
    bars = [list(map(int, re.findall(r"\d+", d))) for d in re.findall(r'class="fill" d="([^"]*)"', markup)]
    assert [(x0, x1) for x0, _, _, x1, _ in bars] == [(800, 5000), (5000, 9200)]


def test_annotations_outside_are_left_out_and_only_the_latest_twenty_drawn() -> None:
    marks = [Annotation(at, f"deploy {at}") for at in range(-5, 60)]
    markup = render(replace(_chart(1, 2), annotations=marks))
    assert re.findall(r'data-text="deploy (-?\d+)"', markup) == [str(at) for at in range(40, 60)]


def test_texts_of_annotations_close_together_do_not_overlap() -> None:
    marks = [Annotation(at, "deploy") for at in (10, 11, 40)]
    markup = render(replace(_chart(1, 2), annotations=marks))
    assert len(re.findall(r'<g class="mark"', markup)) == 3
    assert len(re.findall(r'dy="-0.6em">deploy', markup)) == 2


def test_hidden_title_is_still_there_for_screen_readers() -> None:
    markup = render(replace(_chart(1, 2), show_title=False))
    assert '<figcaption class="visually-hidden">' in markup
    assert "<title>Orders</title>" in markup


def test_sparkline_has_a_gap_a_dot_and_a_summary() -> None:
    markup = render_sparkline([1, 2, None, 3, 4], "Latency", "ms")
    root = ET.fromstring(markup)
    assert root.get("role") == "img"
    assert root.findtext("title") == "Latency: lowest 1 ms, highest 4 ms, latest 4 ms."
    line, last = root.findall("path")
    assert line.get("d", "").count("M") == 2
    assert last.get("d") == "M10000 0h0"
    assert ET.fromstring(render_sparkline([1, 2])).get("aria-hidden") == "true"
    assert ET.fromstring(render_sparkline([])).find("path") is not None
