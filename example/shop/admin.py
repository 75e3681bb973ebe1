from __future__ import annotations

from django.contrib import admin

from .models import Author, Book, Wanted


@admin.register(Book)
class BookAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("title", "author", "genre", "condition", "price")
    list_filter = ("genre", "condition")
    list_select_related = ("author",)
    search_fields = ("title", "author__name")


@admin.register(Wanted)
class WantedAdmin(admin.ModelAdmin):  # type: ignore[type-arg]
    list_display = ("title", "author", "most", "asked")


admin.site.register(Author)
