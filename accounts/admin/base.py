"""Base classes of the model admins: rows are never deleted, actions write, and a refusal is shown as a form error."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, cast

from django import forms
from django.contrib import messages
from django.contrib.admin.options import BaseModelAdmin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse
from django.utils import translation

from accounts.admin.request_checks import CheckedModelAdmin
from accounts.errors import AccountError
from accounts.refusal_texts import Refusal, localized
from delivery.db.transactions import write


class SiteModelAdmin(CheckedModelAdmin):
    """Base of all model admins. Subclasses write in `save_model` and in list actions, through domain actions only."""

    refusals: tuple[type[Exception], ...] = (AccountError,)
    """Exceptions of domain actions whose text the operator sees."""
    warn_unsaved_form = True
    show_full_result_count = False

    def has_delete_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def save_related(self, request: HttpRequest, form: Any, formsets: Any, change: bool) -> None:
        """Save nothing: domain actions write many-to-many fields as well."""

    def changeform_view(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != "POST":
            page: HttpResponse = super().changeform_view(request, *args, **kwargs)
            return page
        return self.in_write_transaction(
            request, lambda: super(SiteModelAdmin, self).changeform_view(request, *args, **kwargs)
        )

    def in_write_transaction(self, request: HttpRequest, view: Callable[[], HttpResponse]) -> HttpResponse:
        """Call `view` inside a write transaction and return its response.

        Use it for views that open a transaction of their own. SQLite has one writer, and `write()` queues for it. If
        `view` opened its transaction first, it would hold SQLite's lock while it waits in that queue, and the writer
        ahead of it would wait for the lock.

        A refusal (see `refusals`) is shown above the form, which keeps its input.
        """
        try:
            with write():
                response = view()
        except self.refusals as refusal:
            request.refusal = localized(cast(Refusal, refusal))  # type: ignore[attr-defined]
            response = view()
        return response

    def get_form(self, request: HttpRequest, *args: Any, **kwargs: Any) -> type[forms.ModelForm[Any]]:
        form: type[forms.ModelForm[Any]] = super().get_form(request, *args, **kwargs)
        refusal: str | None = getattr(request, "refusal", None)
        if refusal is None:
            return form

        class RefusedForm(form):  # type: ignore[misc,valid-type]
            def full_clean(self) -> None:
                super().full_clean()
                self.add_error(None, refusal)

        return RefusedForm

    def describe(self, row: Any) -> str:
        """Return one line that names the row, for confirmations and messages."""
        return str(row)

    def run_for_each(
        self,
        request: HttpRequest,
        rows: Iterable[Any],
        run: Callable[[Any], object],
        audit_entry: Callable[[Any], str] | None = None,
    ) -> int:
        """Call `run` with each row and write an audit log entry; show refusals. Return how many rows succeeded.

        `audit_entry` returns the entry's text for a row. The default is the title of the list action.
        """
        succeeded = 0
        for row in rows:
            try:
                run(row)
            except self.refusals as refusal:
                self.message_user(request, f"{self.describe(row)}: {localized(cast(Refusal, refusal))}", messages.ERROR)
            else:
                succeeded += 1
                # Entries are in English for all operators. They are written after the action's transaction, which must
                # not hold the event log's counter any longer.
                with translation.override("en"), write():
                    entry = audit_entry(row) if audit_entry is not None else f"{self._action_title(request)}."
                    self.log_change(request, row, entry)
        return succeeded

    def _action_title(self, request: HttpRequest) -> str:
        return str(dict(self.get_action_choices(request)).get(request.POST.get("action", ""), ""))


class ReadOnlyMixin(BaseModelAdmin):  # type: ignore[type-arg]
    """Makes rows visible and not editable: they are created elsewhere."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Return whether the operator may run list actions: it takes the model's change permission."""
        return super().has_change_permission(request)
