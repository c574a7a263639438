"""What all our admin pages share: rows are not deleted, actions write, a refusal is told and not a fault."""

from __future__ import annotations

from typing import Any

from django.contrib import messages
from django.contrib.admin.options import BaseModelAdmin
from django.db.models import Model
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from unfold.admin import ModelAdmin

from accounts.errors import AccountError
from delivery.transactions import write


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
        """
        try:
            with write():
                response: HttpResponse = view()
        except self.refusals as refusal:
            self.message_user(request, str(refusal), messages.ERROR)
            return HttpResponseRedirect(request.get_full_path())
        return response

    def try_each(self, request: HttpRequest, rows: Any, action: Any, title: str = "") -> int:
        """Call `action` with each row and record it as `title`; tell refusals one by one. Returns how many were done.

        Without a title it is recorded as the list's action is called.
        """
        title = title or str(dict(self.get_action_choices(request)).get(request.POST.get("action", ""), ""))
        done = 0
        for row in rows:
            try:
                action(row)
            except self.refusals as refusal:
                self.message_user(request, f"{row}: {refusal}", messages.ERROR)
            else:
                done += 1
                # After the action, whose position in the log nothing may wait for.
                with write():
                    self.log_change(request, row, f"{title}.")
        return done


class ReadOnly(BaseModelAdmin):  # type: ignore[type-arg]
    """Rows that are looked at here and made elsewhere."""

    def has_add_permission(self, request: HttpRequest, *args: Any) -> bool:
        return False

    def has_change_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        return False

    def has_act_permission(self, request: HttpRequest) -> bool:
        """Who may run the list's actions: those who could change rows if rows could be changed."""
        return super().has_change_permission(request)
