"""A shop whose changes are events."""
