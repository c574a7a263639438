"""Records of other systems that have been imported. Written by `chat.imports`."""

from __future__ import annotations

from django.db import models


class ImportedRecord(models.Model):
    """A user, channel, message or file that an import has stored, so that a repeated import leaves it out."""

    source = models.CharField(max_length=64)
    """The name of the export that it came from."""
    kind = models.CharField(max_length=8)
    key = models.CharField(max_length=200)
    """Its key in the other system; a hash of it for users."""
    record = models.BigIntegerField()
    """The id of its row here."""

    class Meta:
        constraints = (models.UniqueConstraint(fields=["source", "kind", "key"], name="imported_once"),)

    def __str__(self) -> str:
        return f"{self.source} {self.kind} {self.key}"
