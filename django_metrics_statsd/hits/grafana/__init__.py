"""Grafana dashboards, made from one description for each kind of database.

``python -m django_metrics_statsd.hits.grafana FOLDER`` writes them. They need Grafana 10.3 or later.
"""
