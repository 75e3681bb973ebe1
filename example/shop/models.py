"""What the shop has (authors, books) and what its customers look for (wanted books)."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.urls import reverse

from django_metrics_statsd.monitoring.models import IntegerCountBase


class Author(models.Model):
    name = models.CharField(max_length=100, unique=True)

    class Meta:
        ordering = ("name",)

    def __str__(self) -> str:
        return self.name


class Book(models.Model):
    class Genre(models.TextChoices):
        NOVEL = "novel", "Novels"
        ADVENTURE = "adventure", "Adventure"
        MYSTERY = "mystery", "Mystery"
        SCIENCE = "science", "Science"
        TRAVEL = "travel", "Travel"
        CHILDREN = "children", "Children"

    class Condition(models.TextChoices):
        FINE = "fine", "Fine"
        GOOD = "good", "Good"
        READ = "read", "Well read"

    title = models.CharField(max_length=120)
    slug = models.SlugField(max_length=120, unique=True)
    author = models.ForeignKey(Author, on_delete=models.CASCADE, related_name="books")
    genre = models.CharField(max_length=10, choices=Genre)
    year = models.SmallIntegerField("first published")
    condition = models.CharField(max_length=4, choices=Condition)
    price = models.DecimalField(max_digits=6, decimal_places=2)
    blurb = models.TextField()

    class Meta:
        ordering = ("title",)

    def __str__(self) -> str:
        return self.title

    def get_absolute_url(self) -> str:
        return reverse("book", args=[self.slug])


class Wanted(models.Model):
    """A book somebody asked us to look for."""

    KEPT: ClassVar[int] = 200

    title = models.CharField(max_length=120)
    author = models.CharField(max_length=100)
    most = models.DecimalField("most you would pay", max_digits=6, decimal_places=2)
    asked = models.DateTimeField(auto_now_add=True)

    class Meta:
        ordering = ("-pk",)
        verbose_name_plural = "wanted"

    def __str__(self) -> str:
        return f"{self.title} by {self.author}"

    @classmethod
    def drop_oldest(cls) -> None:
        """Keep the newest `KEPT` rows: the demo adds some each minute, for as long as it runs."""
        oldest = cls.objects.values_list("pk", flat=True)[cls.KEPT : cls.KEPT + 1].first()
        if oldest is not None:
            cls.objects.filter(pk__lte=oldest).delete()


class BooksPutAside(IntegerCountBase):
    """A row for each book that somebody has put aside; shop/monitors.py draws them."""
