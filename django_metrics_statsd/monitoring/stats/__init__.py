"""The embedded stats store: what the core's stats were, kept in one of the site's own databases.

Processes only ever add rows (`writing`); one process at a time makes fewer of them (`rolling`) and deletes
what is too old (`pruning`); who reads (`reading`) adds up what there is.
"""
