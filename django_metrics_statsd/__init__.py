"""See what a Django site does: stats, hits, health, monitors and dashboards."""

__version__ = "0.1.0"
