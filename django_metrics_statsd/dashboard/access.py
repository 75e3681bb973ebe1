"""Who may see the dashboard, and one widget of it; asked at each request, and again while a page is open."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import wraps
from importlib import import_module
from typing import Any, NamedTuple

from django.contrib.auth import SESSION_KEY, get_user_model
from django.contrib.auth.decorators import login_not_required
from django.contrib.auth.views import redirect_to_login
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponseBase, JsonResponse

from django_metrics_statsd.conf import project_setting
from django_metrics_statsd.dashboard.conf import conf
from django_metrics_statsd.dashboard.widget_base import DashboardWidgetBase

PERMISSION = "metrics_dashboard.can_view_dashboard"

View = Callable[..., HttpResponseBase]


class Visitor(NamedTuple):
    """Whom an open page belongs to: a user and a session, as far as there are such."""

    user: Any = None
    session: str | None = None
    fingerprint: str = ""


def user_of(request: HttpRequest) -> Any:
    """Return the request's user, or None where nobody is logged in."""
    user = getattr(request, "user", None)
    return user if user is not None and user.is_authenticated else None


def may_view(user: Any) -> bool:
    """Whether this user, or nobody, may see the dashboard."""
    if not conf.DASHBOARD_REQUIRE_LOGIN:
        return True
    return user is not None and bool(user.has_perm(PERMISSION))


def may_see(user: Any, widget: DashboardWidgetBase) -> bool:
    """Whether who may see the dashboard may also see this widget."""
    if widget.permission is None:
        return True
    return user is not None and bool(user.has_perm(widget.permission))


def page_access(view: View) -> View:
    """For pages: who is not logged in is sent to log in, who lacks the permission gets 403."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        user = user_of(request)
        if may_view(user):
            return view(request, *args, **kwargs)
        if user is None:
            return redirect_to_login(request.get_full_path())
        raise PermissionDenied

    return login_not_required(guarded)


def data_access(view: View) -> View:
    """For what scripts ask for: 403, never a page to log in."""

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if may_view(user_of(request)):
            return view(request, *args, **kwargs)
        return JsonResponse({"error": "denied"}, status=403)

    return login_not_required(guarded)


def visitor_of(request: HttpRequest) -> Visitor:
    """Return who looks, as something to ask about later without the request."""
    user = user_of(request)
    if user is None:
        return Visitor()
    session = getattr(request, "session", None)
    key = session.session_key if session is not None and session.get(SESSION_KEY) else None
    return Visitor(user.pk, key, _fingerprint(user))


def still_sees(visitor: Visitor, widgets: Mapping[str, DashboardWidgetBase]) -> frozenset[str] | None:
    """Return the names of those widgets that the visitor may still see; None: not even the dashboard.

    Looks only: Django's own ``get_user`` may give the session a new key, which the browser would not get.
    """
    user = get_user_model()._default_manager.filter(pk=visitor.user).first() if visitor.user else None
    if user is not None and not _is_the_same(user, visitor):
        user = None
    if not may_view(user):
        return None
    return frozenset(name for name, widget in widgets.items() if may_see(user, widget))


def _is_the_same(user: Any, visitor: Visitor) -> bool:
    """Whether the user is active and still logged in with the same password."""
    return user.is_active and _fingerprint(user) == visitor.fingerprint and _session_lives(visitor)


def _session_lives(visitor: Visitor) -> bool:
    if visitor.session is None:  # logged in by other means than a session
        return True
    engine = import_module(str(project_setting("SESSION_ENGINE")))
    session = engine.SessionStore(visitor.session)
    return str(session.get(SESSION_KEY)) == str(visitor.user)


def _fingerprint(user: Any) -> str:
    get = getattr(user, "get_session_auth_hash", None)
    return str(get()) if get else ""
