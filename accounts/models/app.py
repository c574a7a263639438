"""The platforms people are on. Written only by `accounts.actions`."""

from __future__ import annotations

from django.db import models


class App(models.Model):
    """A platform people are on (web, iOS, …). Its number is the wire's `appId`; it has one global channel."""

    number = models.PositiveIntegerField(unique=True)
    name = models.CharField(max_length=64)
    enabled = models.BooleanField(default=True)
    guests_allowed = models.BooleanField(default=True, help_text="Only where IM_GUESTS allows guests at all.")

    class Meta:
        ordering = ("number",)

    def __str__(self) -> str:
        return f"{self.number} {self.name}"
