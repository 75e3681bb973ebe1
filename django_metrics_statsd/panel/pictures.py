"""Where to see more of a stat: Graphite's pictures of it, and links that ``TOOLBAR_STATSD`` gives."""

from __future__ import annotations

from urllib.parse import quote, urlencode

from django_metrics_statsd.conf import conf

_SIZE = [("width", "586"), ("height", "308"), ("from", "-24hours")]
#: What Etsy's daemon keeps of a timer, in two pictures, as milliseconds and counts have no common scale.
_OF_TIMERS = (("mean", "upper_90", "lower"), ("count",))

Pictures = list[dict[str, str]]


class Places:
    """``TOOLBAR_STATSD`` as of now, for a whole panel."""

    def __init__(self) -> None:
        setting = conf.TOOLBAR_STATSD
        self._graphite: str = setting.get("graphite", "")
        self._roots: dict[str, list[str]] = setting.get("roots", {})
        self._links: dict[str, str] = setting.get("links", {})

    def pictures(self, kind: str, key: str) -> Pictures:
        """Return the pictures of a stat, for each root: ``{"url", "alt"}``.

        Args:
            kind: ``timers``, ``counts`` or ``gauges``.
            key: the stat's name, without ``STATSD_PREFIX``; roots bring their own.
        """
        if not self._graphite:
            return []
        found: Pictures = []
        for root in self._roots.get(kind, []):
            path = _path(root, key)
            if kind == "timers":
                found += [self._picture(path, parts) for parts in _OF_TIMERS]
            else:
                found.append(self._picture(path))
        return found

    def _picture(self, path: str, parts: tuple[str, ...] = ()) -> dict[str, str]:
        targets = [f"{path}.{part}" for part in parts] or [path]
        query = urlencode([*(("target", target) for target in targets), *_SIZE])
        mark = "&" if "?" in self._graphite else "?"
        what = f"{', '.join(parts)} of {path}" if parts else path
        return {"url": f"{self._graphite}{mark}{query}", "alt": f"{what}, last 24 hours"}

    def links(self, key: str) -> Pictures:
        """Return the links of a stat: ``{"url", "label"}``."""
        quoted = quote(key, safe="")
        return [{"label": label, "url": url.replace("{key}", quoted)} for label, url in self._links.items()]


def _path(root: str, key: str) -> str:
    if "{key}" in root:
        return root.replace("{key}", key)
    return f"{root.rstrip('.')}.{key}" if root else key
