"""The table of changes: what each check's state was since when."""

from __future__ import annotations

from django.db import models


class StateChange(models.Model):
    """A check, or a part of one such as ``databases.default``, came into a state.

    ``message`` says why and is for the trusted only.
    """

    name = models.CharField(max_length=200)
    state = models.CharField(max_length=16)
    at = models.DateTimeField()
    message = models.TextField(blank=True)

    class Meta:
        verbose_name = "change of health"
        verbose_name_plural = "changes of health"
        ordering = ["-at", "-pk"]
        indexes = [models.Index(fields=["name", "at"], name="metrics_health_name_at")]

    def __str__(self) -> str:
        return f"{self.name}: {self.state}"
