"""The pages. Each does something else that a site does, so that each makes other stats."""

from __future__ import annotations

import asyncio
import random
import time
from decimal import Decimal
from typing import TYPE_CHECKING, Any

from django.contrib import messages
from django.core.cache import cache
from django.core.paginator import Paginator
from django.db.models import Avg, Count, Max, Q, Sum
from django.http import JsonResponse, StreamingHttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views import View
from django.views.decorators.cache import cache_page, never_cache
from django.views.decorators.http import require_POST

from django_metrics_statsd.clients import statsd
from django_metrics_statsd.decorators import exempt
from django_metrics_statsd.hits.events import record_event
from django_metrics_statsd.monitoring.register import monitor

from . import export, look, panel
from .forms import WantedForm
from .models import Author, Book, Wanted

if TYPE_CHECKING:
    from django.http import HttpRequest, HttpResponse

ALSO_LIKED_SECONDS = 30


class TillError(RuntimeError):
    """The till's drawer does not open."""


def front(request: HttpRequest) -> HttpResponse:
    newest = Book.objects.select_related("author").order_by("-pk")[:4]
    found = {"newest": newest, "lists": look.links(), "one_click": look.is_open_to(request)}
    return render(request, "shop/front.html", found | panel.state())


@exempt
@never_cache
def stats(_request: HttpRequest) -> JsonResponse:
    """What the panel asks for each second; exempt, or stats and hits would mostly show itself."""
    return JsonResponse(panel.state())


def book_list(request: HttpRequest) -> HttpResponse:
    words, genre = request.GET.get("q", "").strip()[:60], request.GET.get("genre", "")
    books = Book.objects.select_related("author")
    if words:
        statsd.set("shop.searches", words.lower())
        books = books.filter(Q(title__icontains=words) | Q(author__name__icontains=words))
    if genre in Book.Genre:
        books = books.filter(genre=genre)
    page = Paginator(books, 12).get_page(request.GET.get("page"))
    found = {"page": page, "q": words, "genre": genre, "genres": Book.Genre.choices}
    return render(request, "shop/book_list.html", found)


class BookDetail(View):
    def get(self, request: HttpRequest, slug: str) -> HttpResponse:
        book = get_object_or_404(Book.objects.select_related("author"), slug=slug)
        return render(request, "shop/book.html", {"book": book, "liked": also_liked(book)})


def also_liked(book: Book) -> list[Book]:
    """Other books of the same kind, kept in the cache: first a miss and a set, then hits."""
    key = f"also-liked-{book.pk}"
    liked: list[Book] | None = cache.get(key)
    if liked is None:
        others = Book.objects.filter(genre=book.genre).exclude(pk=book.pk)
        liked = list(others.select_related("author").order_by("?")[:3])
        cache.set(key, liked, ALSO_LIKED_SECONDS)
    return liked


@require_POST
def put_aside(request: HttpRequest, slug: str) -> HttpResponse:
    """Keep a book for somebody. No row is made of it, so the event is told by hand."""
    book = get_object_or_404(Book, slug=slug)
    told = {"genre": book.genre, "price": str(book.price)}
    # For everybody, as it says nothing of who did it; unless told so, events are for superusers.
    record_event(f"Put aside: {book}", "Order", told, instance=book, scope="public", request=request)
    monitor.get("books_put_aside").add(1)
    messages.success(request, "It is yours until Saturday.")
    return redirect(book)


def books_csv(request: HttpRequest) -> StreamingHttpResponse:
    """Every book, a line at a time; the view's time runs until the last line is out."""
    lines = export.alines() if hasattr(request, "scope") else export.lines()
    response = StreamingHttpResponse(lines, content_type="text/csv; charset=utf-8")
    response.headers["Content-Disposition"] = 'attachment; filename="books.csv"'
    return response


def wanted(request: HttpRequest) -> HttpResponse:
    form = WantedForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        form.save()
        statsd.incr("shop.wanted.asked")
        statsd.gauge("shop.wanted.open", Wanted.objects.count())
        messages.success(request, "Thank you. We will look for it.")
        return redirect("wanted")
    found = {"form": form, "latest": Wanted.objects.all()[:8]}
    return render(request, "shop/wanted.html", found)


async def delivery(request: HttpRequest) -> HttpResponse:
    """Ask two couriers at the same time: the page takes as long as the slower one."""
    quotes = await asyncio.gather(quote("van", "4.20"), quote("bicycle", "3.10"))
    return render(request, "shop/delivery.html", {"quotes": quotes})


async def quote(courier: str, price: str) -> dict[str, Any]:
    with statsd.timer(f"shop.courier.{courier}") as timer:
        await asyncio.sleep(random.uniform(0.03, 0.12))
        books = await Book.objects.acount()
    return {"courier": courier, "price": Decimal(price), "books": books, "ms": timer.ms}


@cache_page(20)
def opening_hours(request: HttpRequest) -> HttpResponse:
    """Made at most every twenty seconds; in between it comes from the cache."""
    newest = Book.objects.order_by("-pk").first()
    found = {"made": timezone.now(), "newest": newest}
    return render(request, "shop/opening_hours.html", found)


def stocktake(request: HttpRequest) -> HttpResponse:
    """Count everything, slowly: a query and a pause for each kind of book, half a second in all.

    Each shelf has a timer of its own: in the waterfall of the toolbar's panel they are one after the other.
    """
    counts = []
    for genre, label in Book.Genre.choices:
        with statsd.timer(f"shop.stocktake.{genre}"):
            books = Book.objects.filter(genre=genre)
            row = books.aggregate(books=Count("pk"), worth=Sum("price"), mean=Avg("price"))
            counts.append({"label": label, **row})
            time.sleep(0.08)
    totals = Book.objects.aggregate(books=Count("pk"), worth=Sum("price"), dearest=Max("price"))
    found = {"counts": counts, "totals": totals, "authors": Author.objects.count()}
    return render(request, "shop/stocktake.html", found)


def till(_request: HttpRequest) -> HttpResponse:
    """Fails, always: visitors get the page for errors and the stats get `response.500`."""
    raise TillError("the drawer does not open")
