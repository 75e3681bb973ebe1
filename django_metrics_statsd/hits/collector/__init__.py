"""``manage.py collect``: from Redis into the storages.

Each storage has a consumer group of its own on the streams, named after it, so that each goes at its own pace
and one that is down holds nobody up. An entry is acknowledged in a group when that group's storage has it,
and leaves the stream when all groups have acknowledged it.
"""
