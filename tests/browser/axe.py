"""Asks axe-core, the checker of accessibility, about a page of ours."""

from __future__ import annotations

from functools import cache
from typing import Any

from tests.services.harness import CACHE, missing

SCRIPT = CACHE / "axe" / "node_modules" / "axe-core" / "axe.min.js"

_RUN = """async (where) => {
    const found = await axe.run(where ?? document, {resultTypes: ["violations"]});
    return found.violations.flatMap(rule => rule.nodes.map(
        node => `${rule.id} (${rule.impact}): ${node.target.join(" ")}: ${node.failureSummary}`));
}"""


@cache
def _script() -> str:
    if not SCRIPT.exists():
        missing("axe-core")
    return SCRIPT.read_text(encoding="utf-8")


def violations(page: Any, where: str | None = None) -> list[str]:
    """What axe-core has against a page as it stands, one line for each rule and element.

    All its rules are asked: WCAG 2.0 to 2.2, A and AA, and its best practices. The script comes over the
    debugger's wire, which no content security policy forbids, so the page stays as visitors get it.

    Args:
        page: Playwright's page.
        where: a CSS selector of the part to look at; the whole page without one.
    """
    if not page.evaluate("typeof axe === 'object'"):
        page.evaluate(f"{_script()}; undefined")
    return list(page.evaluate(_RUN, where))
