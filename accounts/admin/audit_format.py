"""What the record says of a deed: what was done, and what was filled in for it. A line each, in English.

One language, whoever acts, so that who looks for something in the record finds it; it is translated where it is shown.
"""

from __future__ import annotations

from collections.abc import Mapping

from django import forms
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Model
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.models import User
from delivery.db.transactions import write

LINE_LIMIT = 300


def record_of(title: str | Promise, facts: Mapping[str, str]) -> str:
    """The lines: the deed, and each fact by its label."""
    with override("en"):
        lines = [f"{title}.", *(f"{label}: {' '.join(said.split())[:LINE_LIMIT]}" for label, said in facts.items())]
    return "\n".join(lines)


def deed_recorded(operator: User, row: Model, title: str, **facts: object) -> None:
    """Put on record what was done elsewhere than in the admin; facts that are empty are left out."""
    said = {label.capitalize(): str(fact) for label, fact in facts.items() if fact not in (None, "")}
    with write():
        LogEntry.objects.log_actions(operator.pk, [row], CHANGE, record_of(title, said), single_object=True)


def filled_in(form: forms.Form) -> dict[str, str]:
    """What a valid form was filled with, by label; of one that was filled before, what was changed."""
    names = form.changed_data if form.initial else list(form.fields)
    with override("en"):
        return {str(form[name].label): said for name in names if (said := _said(form[name]))}


def _said(bound: forms.BoundField) -> str:
    value = bound.value()
    if isinstance(bound.field, forms.BooleanField):
        return "yes" if value else "no"
    if isinstance(bound.field, forms.ChoiceField):
        return str(dict(bound.field.choices).get(bound.field.clean(value), value))  # type: ignore[arg-type]
    return "" if value is None else str(value).strip()


def in_own_words(recorded: str) -> str:
    """A record in the language of who reads it, as far as its words are known."""
    title, *facts = recorded.split("\n")
    if not title.endswith("."):
        return recorded
    told = [
        f"{_(label)}: {_(said) if said else said}" for label, _colon, said in (one.partition(": ") for one in facts)
    ]
    return " · ".join([_(title[:-1]) if title != "." else title, *told])
