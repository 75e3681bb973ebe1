"""What servers that speak WSGI load."""

from __future__ import annotations

from tests.health_servers import site

application = site.wsgi
