"""The mapping file for Prometheus' statsd_exporter, held against what the package really emits.

`Mapper` does what the exporter's README and its pkg/mapper/mapper.go (0.29) say of mapping files, for the
part of them that our file uses.
"""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml

from tests.everything import received

FILE = Path(__file__).parents[1] / "docs/files/statsd_exporter.yml"

METRIC_NAME = r"[a-zA-Z_][a-zA-Z0-9_]*"
TEMPLATE_NAME = r"([a-zA-Z_]|\$\{?\d+\}?)([a-zA-Z0-9_]|\$\{?\d+\}?)*"
LABEL_NAME = r"[a-zA-Z_][a-zA-Z0-9_]+"
GLOB = r"(\*|[a-zA-Z_][a-zA-Z0-9_\-]*)(\.\*|\.[a-zA-Z0-9_][a-zA-Z0-9_\-]*)*"
REFERENCE = re.compile(r"\$(?:(\d+)|\{(\d+)\})")
#: CLS has no unit: in thousandths as if they were milliseconds, the exporter makes the score of it.
UNITS = {"window.performance.vitals.CLS": "_layout_shift"}
KEYS = {"match", "match_type", "name", "help", "labels"}
#: What a collector emits of a storage, which takes a Redis, and the metric that becomes of it.
COLLECTED = {
    "written": "django_metrics_statsd_collector_written_total",
    "set_aside": "django_metrics_statsd_collector_set_aside_total",
    "lost": "django_metrics_statsd_collector_lost_total",
    "lag": "django_metrics_statsd_collector_lag",
    "cut": "django_metrics_statsd_collector_cut",
}


class Metric(NamedTuple):
    """A Prometheus metric with its labels."""

    name: str
    labels: dict[str, str]


class Rule:
    """One entry of ``mappings``, refused where the exporter would refuse it."""

    def __init__(self, entry: dict[str, Any]) -> None:
        assert entry.keys() <= KEYS, entry
        self.name, self.labels = entry["name"], entry.get("labels", {})
        self.is_glob = entry.get("match_type", "glob") == "glob"
        assert self.is_glob or entry["match_type"] == "regex"
        assert re.fullmatch(TEMPLATE_NAME, self.name), self.name
        assert all(re.fullmatch(LABEL_NAME, label) for label in self.labels), self.labels
        self.pattern = self._compile(entry["match"])

    def _compile(self, match: str) -> re.Pattern[str]:
        if not self.is_glob:
            return re.compile(match)
        assert re.fullmatch(GLOB, match), match
        parts = (r"([^.]*)" if part == "*" else re.escape(part) for part in match.split("."))
        return re.compile(rf"^{'[.]'.join(parts)}$")

    def apply(self, stat: str) -> Metric | None:
        """The metric that this rule makes of a stat; regular expressions match anywhere unless anchored."""
        found = self.pattern.search(stat)
        if found is None:
            return None
        labels = {label: expand(text, found) for label, text in self.labels.items()}
        return Metric(expand(self.name, found), labels)


def expand(template: str, found: re.Match[str]) -> str:
    return REFERENCE.sub(lambda reference: found[int(reference[1] or reference[2])], template)


class Mapper:
    """All rules: first the globs in their order, then the regular expressions in theirs."""

    def __init__(self, text: str) -> None:
        rules = [Rule(entry) for entry in yaml.safe_load(text)["mappings"]]
        self.rules = [rule for rule in rules if rule.is_glob] + [rule for rule in rules if not rule.is_glob]

    def __call__(self, stat: str) -> Metric | None:
        return next((metric for rule in self.rules if (metric := rule.apply(stat))), None)


@pytest.fixture(scope="module")
def mapper() -> Mapper:
    return Mapper(FILE.read_text())


@pytest.mark.parametrize(
    ("stat", "name", "labels"),
    [
        ("response.200", "django_responses_total", "status=200"),
        ("response.cancelled", "django_responses_total", "status=cancelled"),
        ("response.auth.302", "django_responses_authenticated_total", "status=302"),
        ("view.GET", "django_request_duration_seconds", "method=GET"),
        ("view.OTHER", "django_request_duration_seconds", "method=OTHER"),
        ("view.unresolved.GET", "django_view_duration_seconds", "view=unresolved method=GET"),
        ("view.shop.views.books.GET", "django_view_duration_seconds", "view=shop.views.books method=GET"),
        ("view.shop.API.list.POST", "django_view_duration_seconds", "view=shop.API.list method=POST"),
        ("view.shop.views.GET.GET", "django_view_duration_seconds", "view=shop.views.GET method=GET"),
        (
            "db.psql.default.execute.select",
            "django_db_statement_duration_seconds",
            "executable=psql alias=default operation=execute verb=select",
        ),
        (
            "db.mysql.replica.executemany.insert",
            "django_db_statement_duration_seconds",
            "executable=mysql alias=replica operation=executemany verb=insert",
        ),
        (
            "db.psql.default.callproc.store.restock",
            "django_db_statement_duration_seconds",
            "executable=psql alias=default operation=callproc verb=store.restock",
        ),
        (
            "db.psql.default.commit",
            "django_db_connection_duration_seconds",
            "executable=psql alias=default operation=commit",
        ),
        ("cache.locmem.hit", "django_cache_lookups_total", "backend=locmem result=hit"),
        ("cache.redis.miss", "django_cache_lookups_total", "backend=redis result=miss"),
        ("cache.redis.get_many", "django_cache_duration_seconds", "backend=redis operation=get_many"),
        ("error.keyerror", "django_errors_total", "exception=keyerror"),
        ("log.error", "django_log_records_total", "level=error"),
        (
            "models.auth.User.create",
            "django_model_changes_total",
            "app=auth model=User operation=create",
        ),
        ("celery.shop.tasks.pay.sent", "django_celery_tasks_total", "task=shop.tasks.pay state=sent"),
        ("celery.work.runtime", "django_celery_runtime_seconds", "task=work"),
        (
            "django_metrics_statsd.dropped.unknown_host",
            "django_metrics_statsd_dropped_total",
            "reason=unknown_host",
        ),
        ("django_metrics_statsd.sent", "django_metrics_statsd_sent_total", ""),
        (
            "window.performance.timing.domComplete",
            "django_browser_instant_seconds",
            "instant=domComplete",
        ),
        ("window.performance.calculated.network", "django_browser_part_seconds", "part=network"),
        ("window.performance.navigation.type.reload", "django_browser_navigations_total", "type=reload"),
        ("window.performance.navigation.redirectCount", "django_browser_redirects_total", ""),
        ("window.performance.vitals.LCP", "django_browser_vital_seconds", "vital=LCP"),
        ("window.performance.vitals.CLS", "django_browser_layout_shift", ""),
        (
            "window.performance.vitals.CLS.needs_improvement",
            "django_browser_vital_ratings_total",
            "vital=CLS rating=needs_improvement",
        ),
        (
            "django_metrics_statsd.beacon.refused.too_large",
            "django_metrics_statsd_beacon_refused_total",
            "reason=too_large",
        ),
        ("django_metrics_statsd.beacon.ignored", "django_metrics_statsd_beacon_ignored_total", ""),
        *(
            (f"django_metrics_statsd.collector.default.{each}", name, "storage=default")
            for each, name in COLLECTED.items()
        ),
        (
            "django_metrics_statsd.hits.dropped.buffer_full",
            "django_metrics_statsd_hits_dropped_total",
            "reason=buffer_full",
        ),
        ("health.storage", "django_health_check_seconds", "check=storage"),
        ("health.databases.default", "django_health_check_seconds", "check=databases.default"),
        (
            "health.databases.default.timeout",
            "django_health_checks_total",
            "check=databases.default state=timeout",
        ),
        ("ping", "django_ping_total", ""),
    ],
)
def test_each_family_has_its_metric(mapper: Mapper, stat: str, name: str, labels: str) -> None:
    assert mapper(stat) == (name, dict(pair.split("=") for pair in labels.split()))


@pytest.mark.django_db
@pytest.mark.parametrize("tags", [None, "datadog"])
def test_everything_emitted_is_mapped(mapper: Mapper, tags: str | None) -> None:
    """No stat falls through, and each metric has a proper name, one type and one set of labels."""
    shapes: dict[str, set[tuple[str, frozenset[str]]]] = {}
    for line in received(tags):
        metric = mapper(line.name)
        assert metric is not None, line
        assert re.fullmatch(METRIC_NAME, metric.name), metric
        assert all(metric.labels.values()), metric
        assert metric.name.endswith("_total" if line.kind == "c" else UNITS.get(line.name, "_seconds")), line
        shapes.setdefault(metric.name, set()).add((line.kind, frozenset(metric.labels)))
    assert [name for name, shape in shapes.items() if len(shape) > 1] == []


@pytest.mark.django_db
def test_every_rule_is_used(mapper: Mapper) -> None:
    stats = {line.name for line in received()} | {"django_metrics_statsd.hits.dropped.refused"}
    stats |= {f"django_metrics_statsd.collector.default.{each}" for each in COLLECTED}
    unused = [rule.name for rule in mapper.rules if not any(rule.apply(stat) for stat in stats)]
    assert unused == []


@pytest.mark.django_db
def test_labels_say_what_the_tags_say(mapper: Mapper) -> None:
    """With STATSD_TAGS = "datadog" the exporter reads the tags too; the two must not disagree."""
    for line in received("datadog"):
        metric = mapper(line.name)
        assert metric is not None
        for label in {"method", "alias"} & metric.labels.keys() & line.tags.keys():
            assert metric.labels[label] == line.tags[label]
        if metric.labels.get("status", "").isdigit():
            assert metric.labels["status"] == line.tags["status"]


EXAMPLE = r"""
mappings:
- match: "test\\.(\\w+)\\.(\\w+)\\.counter"
  match_type: regex
  name: "${2}_total"
  labels:
    provider: "$1"
- match: "test.dispatcher.*.*.*"
  name: "dispatcher_events_total"
  labels:
    processor: "$1"
    action: "$2"
    outcome: "$3"
    job: "test_dispatcher"
- match: "*.signup.*.*"
  name: "signup_events_total"
  labels:
    provider: "$2"
    outcome: "$3"
    job: "${1}_server"
- match: "test.first.special.counter"
  name: "glob_first"
"""


@pytest.mark.parametrize(
    ("stat", "name", "labels"),
    [
        (
            "test.dispatcher.FooProcessor.send.success",
            "dispatcher_events_total",
            "processor=FooProcessor action=send outcome=success job=test_dispatcher",
        ),
        (
            "foo_product.signup.facebook.failure",
            "signup_events_total",
            "provider=facebook outcome=failure job=foo_product_server",
        ),
        ("test.first.second.counter", "second_total", "provider=first"),
        ("test.first.special.counter", "glob_first", ""),
    ],
)
def test_the_mapper_itself(stat: str, name: str, labels: str) -> None:
    """The examples of the exporter's README come out as it says."""
    assert Mapper(EXAMPLE)(stat) == (name, dict(pair.split("=") for pair in labels.split()))


def test_the_mapper_lets_others_fall_through() -> None:
    assert Mapper(EXAMPLE)("test.web-server.foo.bar") is None
