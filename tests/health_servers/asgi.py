"""What servers that speak ASGI load."""

from __future__ import annotations

from tests.health_servers import site

application = site.asgi
