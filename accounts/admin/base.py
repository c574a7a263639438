"""What all our admin pages share: rows are not deleted, actions write, a refusal is told and not a fault."""

from __future__ import annotations

from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.admin.options import BaseModelAdmin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils import translation
from unfold.admin import ModelAdmin

from accounts.errors import AccountError
from accounts.refusal_texts import Refusal, localized
from delivery.db.transactions import write


class ActionAdmin(ModelAdmin):  # type: ignore[misc]
    """Subclasses write in `save_model` and in their list actions, by calling actions of the domain."""

    refusals: tuple[type[Exception], ...] = (AccountError,)
    """What an action may raise for the operator to read."""
    warn_unsaved_form = True
    show_full_result_count = False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Nothing: many-to-many fields go through the action as well."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != "POST":
            page: HttpResponse = super().changeform_view(request, *args, **kwargs)
            return page
        return self.in_one_write(request, lambda: super(ActionAdmin, self).changeform_view(request, *args, **kwargs))

    def in_one_write(self, request: HttpRequest, view: Any) -> HttpResponse:
        """Answer by `view`, which opens a transaction of its own: ours around it takes SQLite's turn to write first.

        The other way round it would hold SQLite's lock while it waits for that turn, and both sides would wait.
        What an action refuses is told above the form, which keeps what was typed.
        """
        try:
            with write():
                response: HttpResponse = view()
        except self.refusals as refusal:
            request.refusal = localized(cast(Refusal, refusal))  # type: ignore[attr-defined]
            response = view()
        return response

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> type[forms.ModelForm[Any]]:
        form: type[forms.ModelForm[Any]] = super().get_form(request, *args, **kwargs)
        refusal: str | None = getattr(request, "refusal", None)
        if refusal is None:
            return form

        class Refused(form):  # type: ignore[misc,valid-type]
            def full_clean(self) -> None:
                super().full_clean()
                self.add_error(None, refusal)

        return Refused

    def describe(self, row: Any) -> str:
        """The row in one line, where something is said of it."""
        return str(row)

    def try_each(self, request: HttpRequest, rows: Any, action: Any, record: Any = None) -> int:
        """Call `action` with each row and record it as `record` of the row; tell refusals. Returns how many were done.

        Without `record` it is recorded as the list's action is called.
        """
        done = 0
        for row in rows:
            try:
                action(row)
            except self.refusals as refusal:
                self.message_user(request, f"{self.describe(row)}: {localized(cast(Refusal, refusal))}", messages.ERROR)
            else:
                done += 1
                # The record is in one language, whoever acts. It is written after the action, whose position in the
                # log nothing may wait for.
                with translation.override("en"), write():
                    self.log_change(request, row, record(row) if record is not None else self._chosen(request))
        return done

    def _chosen(self, request: HttpRequest) -> str:
        return f"{dict(self.get_action_choices(request)).get(request.POST.get('action', ''), '')}."


class ReadOnly(BaseModelAdmin):  # type: ignore[type-arg]
    """Rows that are looked at here and made elsewhere."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Who may run the list's actions: those who could change rows if rows could be changed."""
        return super().has_change_permission(request)
