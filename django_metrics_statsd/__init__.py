"""See what a Django site does: its requests, queries, cache calls and errors, as StatsD stats."""

__version__ = "0.1.0"
