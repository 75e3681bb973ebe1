"""The same with an admin, to whose login `staff_member_required` sends."""

from __future__ import annotations

from django.contrib import admin
from django.urls import path

from tests.health import urls

urlpatterns = [*urls.urlpatterns, path("admin/", admin.site.urls)]
