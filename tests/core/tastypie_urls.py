"""URLs of a small Tastypie API."""

from __future__ import annotations

from typing import Any

from django.urls import include, path
from tastypie.api import Api
from tastypie.resources import Resource


class Books(Resource):
    class Meta:
        resource_name = "books"

    def obj_get_list(self, bundle: Any, **kwargs: Any) -> list[Any]:
        return []


api = Api(api_name="v1")
api.register(Books())
urlpatterns = [path("", include(api.urls))]
