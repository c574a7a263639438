"""Translates the names of models, fields and choices once, for all pages that show them."""

from __future__ import annotations

from typing import Any

from django.apps import apps
from django.db.models import Field, ForeignObjectRel, Model
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy


def translate_models(*app_labels: str) -> None:
    """Have the labels of these apps' models translated. Call it before model admins and forms are created.

    The models themselves stay in English, so migrations see no difference.
    """
    for config in map(apps.get_app_config, app_labels):
        config.verbose_name = _lazy(config.verbose_name)
        for model in config.get_models():
            meta = model._meta
            if "verbose_name_plural" not in meta.original_attrs and isinstance(meta.verbose_name, str):
                # Django appends the "s" in a lazy format string, for which there is no translation.
                meta.verbose_name_plural = f"{meta.verbose_name}s"
            meta.verbose_name, meta.verbose_name_plural = _lazy(meta.verbose_name), _lazy(meta.verbose_name_plural)
            for field in model._meta.get_fields():
                if isinstance(field, Field) and not isinstance(field, ForeignObjectRel):
                    _translate_field(field)


def name_model(model: type[Model], singular: str, plural: str) -> None:
    """Give a library's model the names that the admin shows. Migrations see no difference."""
    model._meta.verbose_name, model._meta.verbose_name_plural = gettext_lazy(singular), gettext_lazy(plural)


def _translate_field(field: Field[Any, Any]) -> None:
    field.verbose_name = _lazy(field.verbose_name)
    field.help_text = _lazy(field.help_text)
    if field.choices:
        field.choices = [(value, _lazy(label)) for value, label in field.flatchoices]


def _lazy(text: Any) -> Any:
    """Return the text as lazily translated; empty or already lazy text as it is."""
    return gettext_lazy(text) if text and not isinstance(text, Promise) else text
