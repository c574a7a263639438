"""The declaration of one environment variable."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Option:
    """One variable. `development` is the default of a development start, if it differs from `production`."""

    name: str
    production: object
    description: str
    development: object = None

    def default(self, *, development: bool) -> object:
        """Return the default of a development or production start."""
        if development and self.development is not None:
            return self.development
        return self.production
