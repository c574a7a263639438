"""The sentence of a refusal in the active language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from django.utils.translation import gettext


class Refusal(Protocol):
    """An error that carries its sentence as the translations know it, and the parameters."""

    @property
    def text(self) -> str: ...
    @property
    def params(self) -> Mapping[str, Any]: ...


def localized(refusal: Refusal) -> str:
    """Return the sentence for the user, translated where a translation exists."""
    text = gettext(refusal.text)
    return text % refusal.params if refusal.params else text
