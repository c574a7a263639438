"""Fields and helpers that several forms of the admin share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django import forms
from django.db.models import Model
from django.utils.translation import gettext

from chat.admin.queries import channels_matching
from chat.models import Channel


def channel_id_from(term: str) -> int | None:
    """Return the id of the channel with this number or exact name; None for an empty term.

    Raise ValidationError if there is none, or more than one.
    """
    if not term.strip():
        return None
    found = list(Channel.objects.filter(channels_matching(term.strip(), exact=True)).values_list("pk", flat=True)[:2])
    if not found:
        raise forms.ValidationError(gettext("There is no such channel."))
    if len(found) > 1:
        raise forms.ValidationError(gettext("Several channels have this name. Enter the number."))
    return found[0]


def model_choices(model: type[Model], field: str) -> Callable[[], Any]:
    """Return a callable with the choices of a model's field, which are translated after the forms are defined."""
    return lambda: model._meta.get_field(field).choices  # type: ignore[union-attr]


def constant_form(form: type[forms.Form]) -> Callable[[Any, Any], forms.Form]:
    """Return the form factory of an admin action whose form is the same for every row."""
    return lambda row, data: form(data)
