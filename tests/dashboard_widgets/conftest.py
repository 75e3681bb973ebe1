"""What the tests of the ready-made widgets share."""

from __future__ import annotations

from tests.services.conftest import redis_server

__all__ = ["redis_server"]
