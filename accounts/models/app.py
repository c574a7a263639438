"""The platforms that users connect from. Written only by `accounts.actions`."""

from __future__ import annotations

from django.db import models


class App(models.Model):
    """A platform that users connect from (web, iOS, …), with one global channel. `number` is the wire's `appId`."""

    number = models.PositiveIntegerField(unique=True)
    name = models.CharField(max_length=64)
    enabled = models.BooleanField(default=True)
    guests_allowed = models.BooleanField(default=True, help_text="Has an effect only if IM_GUESTS allows guests.")

    class Meta:
        ordering = ("number",)

    def __str__(self) -> str:
        return f"{self.number} {self.name}"
