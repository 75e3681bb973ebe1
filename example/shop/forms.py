from __future__ import annotations

from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator

from .models import Book, Wanted


class WantedForm(forms.ModelForm):  # type: ignore[type-arg]
    """Asks for a book we do not have; what is on the shelf already is refused."""

    most = forms.DecimalField(
        label="The most you would pay, in pounds",
        max_digits=6,
        decimal_places=2,
        validators=[MinValueValidator(1), MaxValueValidator(500)],
    )

    class Meta:
        model = Wanted
        fields = ("title", "author", "most")

    def clean_title(self) -> str:
        title: str = self.cleaned_data["title"]
        if Book.objects.filter(title__iexact=title).exists():
            raise forms.ValidationError("We have this one on the shelf: search for it.")
        return title

    def save(self, commit: bool = True) -> Any:
        wanted = super().save(commit)
        Wanted.drop_oldest()
        return wanted
