"""The directive ``all-settings``: an entry per setting, from the modules that declare them.

Each becomes a target of the role ``setting``: ``:setting:`STATSD_URL``` links to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from sphinx.util.docutils import SphinxDirective

from django_metrics_statsd import conf as core
from django_metrics_statsd.dashboard import conf as dashboard
from django_metrics_statsd.health import conf as health
from django_metrics_statsd.hits import conf as hits
from django_metrics_statsd.monitoring import conf as monitoring
from django_metrics_statsd.monitoring.stats import conf as stats

if TYPE_CHECKING:
    from docutils import nodes
    from sphinx.application import Sphinx

    from django_metrics_statsd.conf import Setting


def describe(setting: Setting[Any]) -> list[str]:
    """Write one setting as reStructuredText."""
    return [
        f".. setting:: {setting.name}",
        "",
        f"   {setting.text}",
        "",
        f"   Kind: {setting.kind.label}. Default: ``{setting.default!r}``.",
        "",
    ]


#: What the directive's argument may be.
GROUPS = {
    "core": core.all_settings,
    "hits": hits.all_settings,
    "health": health.all_settings,
    "monitoring": monitoring.all_settings,
    "stats": stats.all_settings,
    "dashboard": dashboard.all_settings,
}


class AllSettings(SphinxDirective):
    """Lists every setting of a group in the order of its ``conf.py``."""

    required_arguments = 1
    option_spec: ClassVar[dict[str, Any]] = {}

    def run(self) -> list[nodes.Node]:
        """Parse the entries as if they stood in the page."""
        lines = [line for setting in GROUPS[self.arguments[0]]() for line in describe(setting)]
        return self.parse_text_to_nodes("\n".join(lines))


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the directive and the role."""
    app.add_object_type("setting", "setting", objname="setting", indextemplate="pair: %s; setting")
    app.add_directive("all-settings", AllSettings)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
