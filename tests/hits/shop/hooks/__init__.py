"""Hooks of a site's own, good and bad."""
