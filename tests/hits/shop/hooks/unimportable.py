"""Fails when it is imported, in a way of its own."""

raise RuntimeError("no")
