"""The directive ``all-settings``: one entry per setting, from ``django_metrics_statsd.conf`` itself.

Each becomes a target of the role ``setting``: ``:setting:`STATSD_URL``` links to it.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from sphinx.util.docutils import SphinxDirective

from django_metrics_statsd.conf import all_settings

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


class AllSettings(SphinxDirective):
    """Lists every setting in the order of ``conf.py``."""

    option_spec: ClassVar[dict[str, Any]] = {}

    def run(self) -> list[nodes.Node]:
        """Parse the entries as if they stood in the page."""
        lines = [line for setting in all_settings() for line in describe(setting)]
        return self.parse_text_to_nodes("\n".join(lines))


def setup(app: Sphinx) -> dict[str, bool]:
    """Add the directive and the role."""
    app.add_object_type("setting", "setting", objname="setting", indextemplate="pair: %s; setting")
    app.add_directive("all-settings", AllSettings)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
