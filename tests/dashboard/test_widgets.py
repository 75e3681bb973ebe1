"""What the seed documents, typed in as it stands; the pool; a widget's values in the database."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from django.core.exceptions import ImproperlyConfigured
from django.utils import timezone

from django_metrics_statsd.dashboard.exceptions import WidgetAlreadyRegistered, WidgetNotRegistered
from django_metrics_statsd.dashboard.widget_base import DashboardWidgetBase
from django_metrics_statsd.dashboard.widget_pool import DashboardWidgetPool

EXAMPLE = '''
from django_metrics_statsd.dashboard.widget_base import DashboardWidgetBase
from django_metrics_statsd.dashboard.widget_pool import dashboard_widget_pool

class DummyWidget(DashboardWidgetBase):
    """This widget is used by the tests."""
    template_name = 'dashboardwidget_dummy/dummy_widget.html'
    sizex = 2
    sizey = 1
    update_interval = 60

    def get_context_data(self):
        return {
            'value': 'Foobar',
        }

    def update_widget_data(self):
        pass

dashboard_widget_pool.register_widget(DummyWidget)
'''


class Plain(DashboardWidgetBase):
    template_name = "plain.html"


def test_the_example_works_as_it_stands(pool: DashboardWidgetPool) -> None:
    exec(EXAMPLE, {"__name__": "dashboard_widgets"})
    widget = pool.get_widgets()["DummyWidget"]
    assert (widget.sizex, widget.sizey, widget.update_interval) == (2, 1, 60)
    assert widget.get_context_data() == {"value": "Foobar"}
    assert widget.get_title() == "Dummy"


def test_a_widget_is_registered_once_and_unregistered(pool: DashboardWidgetPool) -> None:
    pool.register_widget(Plain)
    with pytest.raises(WidgetAlreadyRegistered, match="'Plain' already"):
        pool.register_widget(Plain)
    pool.unregister_widget(Plain)
    assert pool.get_widgets() == {}
    with pytest.raises(WidgetNotRegistered, match="there are none"):
        pool.unregister_widget(Plain)


@pytest.mark.parametrize(
    ("attributes", "says"),
    [
        ({"template_name": ""}, "no template_name"),
        ({"sizex": 5}, "sizex is 5; allowed are 1 to 4"),
        ({"sizey": 0}, "sizey is 0; allowed are 1 to 3"),
        ({"update_interval": 0}, "update_interval is 0"),
        ({"get_name": lambda self: "a/b"}, "a name has 1 to 100"),
    ],
)
def test_a_widget_that_cannot_be_is_refused(
    pool: DashboardWidgetPool, attributes: dict[str, Any], says: str
) -> None:
    with pytest.raises(ImproperlyConfigured, match=says):
        pool.register_widget(type("Odd", (Plain,), attributes))


def test_what_is_no_widget_is_refused(pool: DashboardWidgetPool) -> None:
    with pytest.raises(ImproperlyConfigured, match="no subclass"):
        pool.register_widget(object)  # type: ignore[arg-type]


@pytest.mark.django_db
def test_values_are_kept_for_each_widget() -> None:
    widget = Plain()
    assert widget.get_setting("data", "none") == "none"
    widget.save_setting("data", {"a": [1, None]})
    widget.save_setting("data", {"a": [2, None]})
    assert widget.get_setting("data") == {"a": [2, None]}
    assert type("Other", (Plain,), {})().get_setting("data") is None


@pytest.mark.django_db
@pytest.mark.parametrize(("ago", "due"), [(1, False), (56, False), (59.5, True), (120, True), (-30, True)])
def test_a_widget_is_due_after_its_interval(ago: float, due: bool) -> None:
    widget = Plain()
    assert widget.should_update() is True
    widget.set_last_update(timezone.now() - timedelta(seconds=ago))
    assert widget.should_update() is due
