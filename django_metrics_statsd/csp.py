"""A strict Content-Security-Policy for pages of ours, where the site has none of its own."""

from __future__ import annotations

from urllib.parse import urlsplit

from django.http import HttpResponse

from django_metrics_statsd.conf import project_setting

#: Middleware of Django 6 and of django-csp.
DJANGO = "django.middleware.csp.ContentSecurityPolicyMiddleware"
DJANGO_CSP = "csp.middleware.CSPMiddleware"
HEADERS = ("Content-Security-Policy", "Content-Security-Policy-Report-Only")


def protect(response: HttpResponse) -> HttpResponse:
    """Allow a page the files of this site alone, nothing inline (CSP Level 3), unless the site has a policy.

    Middleware that sends one does so later, and leaves alone what is there.
    """
    if not any(header in response for header in HEADERS) and not _site_has_policy():
        response[HEADERS[0]] = policy()
    return response


def _site_has_policy() -> bool:
    installed = set(project_setting("MIDDLEWARE") or ())
    return DJANGO_CSP in installed or (DJANGO in installed and bool(project_setting("SECURE_CSP")))


def policy() -> str:
    """Return the policy; an absolute ``STATIC_URL`` adds its origin."""
    files = f"'self'{_origin(str(project_setting('STATIC_URL') or ''))}"
    return (
        f"default-src 'none'; script-src {files}; style-src {files}; img-src {files}; connect-src 'self'; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'self'"
    )


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f" {parts.scheme or 'https'}://{parts.netloc}" if parts.netloc else ""
