"""Who may see monitoring: staff, or whoever has ``MONITORING_PERMISSION``."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.mixins import AccessMixin
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest
from django.views.generic import View

from django_metrics_statsd.monitoring.conf import conf


def may_see(user: Any) -> bool:
    """Say whether a user may see monitoring."""
    permission = conf.MONITORING_PERMISSION
    if permission is None:
        return bool(user.is_active and user.is_staff)
    return bool(user.has_perm(permission))


class StaffOnly(AccessMixin, View):
    """A view that sends strangers to the login page, and answers 403 to users who may not see monitoring."""

    def dispatch(self, request: HttpRequest, *args: Any, **kwargs: Any) -> Any:
        """Let in who may.

        Raises:
            PermissionDenied: the user is known, and may not.
        """
        user = getattr(request, "user", None)
        if user is None or not user.is_authenticated:
            return self.handle_no_permission()
        if not may_see(user):
            raise PermissionDenied
        response = super().dispatch(request, *args, **kwargs)
        response.headers.setdefault("Cache-Control", "private, no-store")
        return response
