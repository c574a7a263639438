"""The names of models, their fields and choices in the operator's language: said once, for all pages that show them."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db.models import Field, ForeignObjectRel
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy


def _lazily(text: Any) -> Any:
    """Translated when it is shown. What is empty, or translated already, stays as it is."""
    return gettext_lazy(text) if text and not isinstance(text, Promise) else text


def translate(*labels: str) -> None:
    """Have the words of these apps translated. To be called before admin pages and forms are made of their models.

    The models keep their English: migrations see no difference.
    """
    for config in map(apps.get_app_config, labels):
        config.verbose_name = _lazily(config.verbose_name)
        for model in config.get_models():
            meta = model._meta
            if "verbose_name_plural" not in meta.original_attrs and isinstance(meta.verbose_name, str):
                # Django puts an s to the end, which is no word that a translation knows.
                meta.verbose_name_plural = f"{meta.verbose_name}s"
            meta.verbose_name, meta.verbose_name_plural = _lazily(meta.verbose_name), _lazily(meta.verbose_name_plural)
            for field in model._meta.get_fields():
                if isinstance(field, Field) and not isinstance(field, ForeignObjectRel):
                    _translate(field)


def _translate(field: Field[Any, Any]) -> None:
    field.verbose_name = _lazily(field.verbose_name)
    field.help_text = _lazily(field.help_text)
    if field.choices:
        field.choices = [(value, _lazily(label)) for value, label in field.flatchoices]
