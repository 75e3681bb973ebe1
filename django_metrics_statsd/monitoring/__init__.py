"""Monitoring: registered monitors, their charts, and a store of stats in the site's own database."""
