"""What runs in a peer's own virtualenv: ``python -m benchmarks.children.emit PEER PORT ...``.

These modules import Django or a peer's client, and nothing of the parent's but the standard library.
"""
