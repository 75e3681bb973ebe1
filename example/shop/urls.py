from __future__ import annotations

from django.templatetags.static import static
from django.urls import path
from django.views.generic import RedirectView

from . import look, views

urlpatterns = [
    path("", views.front, name="front"),
    path("stats", views.stats, name="stats"),
    path("books/", views.book_list, name="books"),
    path("books/<slug:slug>/", views.BookDetail.as_view(), name="book"),
    path("books/<slug:slug>/aside/", views.put_aside, name="aside"),
    path("books.csv", views.books_csv, name="csv"),
    path("wanted/", views.wanted, name="wanted"),
    path("delivery/", views.delivery, name="delivery"),
    path("opening-hours/", views.opening_hours, name="hours"),
    path("stocktake/", views.stocktake, name="stocktake"),
    path("till/", views.till, name="till"),
    path("look/", look.look, name="look"),
    path("favicon.ico", RedirectView.as_view(url=static("shop/favicon.svg"))),
]
