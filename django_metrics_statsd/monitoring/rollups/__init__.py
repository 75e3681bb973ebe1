"""Rollups: what was added to a monitor, per minute, hour and day, kept by upsert."""
