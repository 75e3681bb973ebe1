"""The names that a browser's timing can have: all there are, so none can come from a client.

Sources: Navigation Timing (Level 1, W3C Recommendation 2012; Level 2, the ``PerformanceNavigationTiming``
entry) and Web Vitals (web.dev/articles/vitals) with its thresholds.
"""

from __future__ import annotations

TIMING = "window.performance.timing."
NAVIGATION_TYPE = "window.performance.navigation.type"
REDIRECT_COUNT = "window.performance.navigation.redirectCount"
CALCULATED = "window.performance.calculated."
VITALS = "window.performance.vitals."

START = TIMING + "navigationStart"

#: Instants that follow each other, by the processing model of Navigation Timing. Loading of the document
#: and parsing of it overlap, so these are several chains and not one.
CHAINS = (
    (
        "redirectStart",
        "redirectEnd",
        "fetchStart",
        "domainLookupStart",
        "domainLookupEnd",
        "connectStart",
        "connectEnd",
        "requestStart",
        "responseStart",
        "responseEnd",
    ),
    ("unloadEventStart", "unloadEventEnd"),
    (
        "domLoading",
        "domInteractive",
        "domContentLoadedEventStart",
        "domContentLoadedEventEnd",
        "domComplete",
        "loadEventStart",
        "loadEventEnd",
    ),
)
#: Those that stand in no chain: a reused connection has its TLS handshake before everything else.
UNCHAINED = ("secureConnectionStart", "workerStart")
INSTANTS = (*(name for chain in CHAINS for name in chain), *UNCHAINED)

#: The whole names, and each one's place and predecessors are found by name only once, here.
TIMING_KEYS = tuple(TIMING + name for name in INSTANTS)
CHAINS_OF_KEYS = tuple(tuple(TIMING + name for name in chain) for chain in CHAINS)
RECORD_KEYS = (*TIMING_KEYS, REDIRECT_COUNT, NAVIGATION_TYPE)

#: What the seed of this package recorded unless told otherwise.
DEFAULT_KEYS = (
    TIMING + "domComplete",
    TIMING + "domInteractive",
    TIMING + "domLoading",
    REDIRECT_COUNT,
    NAVIGATION_TYPE,
)

#: The summaries, as ``(name, from, to)``; without a `from` the navigation's start.
SUMMARIES: tuple[tuple[str, str | None, str], ...] = (
    (CALCULATED + "network", None, TIMING + "responseStart"),
    (CALCULATED + "app", TIMING + "responseStart", TIMING + "domLoading"),
    (CALCULATED + "dom", TIMING + "domLoading", TIMING + "domComplete"),
    (CALCULATED + "rendering", TIMING + "domComplete", TIMING + "loadEventEnd"),
)

#: Level 1 gives numbers, Level 2 words; the last two are web-vitals' words for what browsers call nothing.
NAVIGATION_TYPES = {
    "0": "navigate",
    "1": "reload",
    "2": "back_forward",
    "255": "reserved",
    "navigate": "navigate",
    "reload": "reload",
    "back_forward": "back_forward",
    "prerender": "prerender",
    "back_forward_cache": "back_forward_cache",
    "restore": "restore",
    "soft_navigation": "soft_navigation",
}

#: For each vital the end of "good" and of "needs improvement": milliseconds, CLS without a unit.
THRESHOLDS: dict[str, tuple[float, float]] = {
    "LCP": (2500, 4000),
    "INP": (200, 500),
    "CLS": (0.1, 0.25),
    "FCP": (1800, 3000),
    "TTFB": (800, 1800),
}
RATINGS = {"good": "good", "needs-improvement": "needs_improvement", "poor": "poor"}

#: Longest time that is believed: ten minutes, in milliseconds.
MAX_MS = 600_000
#: Most redirects that a browser follows (the Fetch standard).
MAX_REDIRECTS = 20
#: Most layout shift that is believed. Scores past 1 are rare.
MAX_CLS = 100

CONNECTIONS = frozenset({"slow-2g", "2g", "3g", "4g", "5g"})
SEGMENTS = ("device", "connection", "route", "country", "navigation")
