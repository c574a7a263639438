"""The sentence of a refusal in the active language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Protocol

from django.utils.translation import gettext


class Refusal(Protocol):
    """An error whose sentence can be translated.

    `text` is the msgid, `params` are the values of its `%(name)s` placeholders.
    """

    @property
    def text(self) -> str: ...
    @property
    def params(self) -> Mapping[str, Any]: ...


def localized(refusal: Refusal) -> str:
    """Return the refusal's sentence, with its parameters, in the active language; in English without a translation."""
    text = gettext(refusal.text)
    return text % refusal.params if refusal.params else text
