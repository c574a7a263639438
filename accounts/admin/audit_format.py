"""Text of audit log entries: the title of the action and its details, one per line, in English.

All operators write entries in English, so that a search finds them. They are translated for display.
"""

from __future__ import annotations

from collections.abc import Mapping

from django import forms
from django.contrib.admin.models import CHANGE, LogEntry
from django.db.models import Model
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import override

from accounts.bidi import isolate
from accounts.models import User
from delivery.db.transactions import write

MAX_DETAIL_LENGTH = 300


def format_entry(title: str | Promise, details: Mapping[str, str]) -> str:
    """Return the lines of an entry: the title, then each detail after its label."""
    with override("en"):
        lines = [
            f"{title}.",
            *(f"{label}: {' '.join(value.split())[:MAX_DETAIL_LENGTH]}" for label, value in details.items()),
        ]
    return "\n".join(lines)


def record_admin_action(operator: User, row: Model, title: str, **details: object) -> None:
    """Write an audit log entry for an action outside the admin. Empty details are left out."""
    filled = {label.capitalize(): str(value) for label, value in details.items() if value not in (None, "")}
    with write():
        LogEntry.objects.log_actions(operator.pk, [row], CHANGE, format_entry(title, filled), single_object=True)


def form_details(form: forms.Form) -> dict[str, str]:
    """Return the values of a valid form by label; for a form with initial values, only those that were changed."""
    names = form.changed_data if form.initial else list(form.fields)
    with override("en"):
        return {str(form[name].label): value for name in names if (value := _display_value(form[name]))}


def _display_value(bound: forms.BoundField) -> str:
    value = bound.value()
    if isinstance(bound.field, forms.BooleanField):
        return "yes" if value else "no"
    if isinstance(bound.field, forms.ChoiceField):
        return str(dict(bound.field.choices).get(bound.field.clean(value), value))  # type: ignore[arg-type]
    return "" if value is None else str(value).strip()


def translate_entry(entry: str) -> str:
    """Return the entry on one line in the reader's language, as far as there are translations."""
    title, *details = entry.split("\n")
    if not title.endswith("."):
        return entry
    translated = [
        f"{_(label)}: {isolate(_(value)) if value else value}"
        for label, _colon, value in (detail.partition(": ") for detail in details)
    ]
    return " · ".join([_(title[:-1]) if title != "." else title, *translated])
