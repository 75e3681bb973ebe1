"""What the admin needs to show tables of any size: bounded counts, conditions for indexes, exports."""
