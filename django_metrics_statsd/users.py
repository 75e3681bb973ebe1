"""What can be known of a request's user without asking the database for it."""

from __future__ import annotations

from typing import Any

from django.http import HttpRequest
from django.utils.functional import SimpleLazyObject, empty


def loaded_user(request: HttpRequest) -> Any:
    """Return the user that the request has already loaded, or None.

    ``AuthenticationMiddleware`` sets a lazy ``request.user``. To look at it would cost the request a
    session and a user query, and fails in an event loop; so an unopened one is left alone.
    """
    user = request.__dict__.get("user")
    if isinstance(user, SimpleLazyObject) and user.__dict__.get("_wrapped", empty) is empty:
        return request.__dict__.get("_acached_user")
    return user


def is_authenticated(request: HttpRequest) -> bool:
    """Whether the request is known to have a user who is logged in."""
    user = loaded_user(request)
    return user is not None and getattr(user, "is_authenticated", False) is True


def is_staff(request: HttpRequest) -> bool:
    """Whether the request is known to have a user who is active and staff."""
    user = loaded_user(request)
    return bool(getattr(user, "is_active", False) and getattr(user, "is_staff", False))
