"""Admin actions: changes of rows that an operator can make besides editing them.

An action asks for confirmation, describes its effect, calls a domain action, and writes an audit log entry.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.contrib.auth import get_permission_codename
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from unfold.decorators import action

from accounts.admin.audit_format import form_details, format_entry
from accounts.admin.base import SiteModelAdmin
from accounts.models import User
from chat.admin.forms import ReasonForm
from chat.errors import ChatError

Text = Any
"""Text that is translated when it is shown."""
FormFactory = Callable[[Any, Any], forms.Form]
"""Makes an action's form from the row (None: several rows) and the submitted data (None: nothing yet)."""


@dataclass(frozen=True, slots=True)
class AdminAction:
    """One action. `run` is called with the operator, the row, and the cleaned data of the form as keyword arguments."""

    name: str
    title: Text
    description: Text
    success: Text
    """The message after success, such as "%(count)d recalled."."""
    applies_to: Callable[[Any], bool]
    """Return whether the action would change the row."""
    run: Callable[..., object]
    form: FormFactory | None = None
    permission: str = ""
    """`app.codename`; empty: the change permission of the row's model."""
    icon: str | None = None
    audit_details: Callable[[Any], dict[str, str]] = lambda row: {}
    """Details of the row for the audit log, by label."""


def detail_view(admin_action: AdminAction) -> Any:
    """Return the view of the action's button on a row's own page."""

    def view(self: ActionsModelAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.run_on_row(request, object_id, admin_action)

    view.__name__ = f"{admin_action.name}_row"
    return action(description=admin_action.title, url_path=admin_action.name, icon=admin_action.icon)(view)


def list_view(admin_action: AdminAction) -> Any:
    """Return the action for the rows that are selected in a list."""

    def view(self: ActionsModelAdmin, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return self.run_on_selected(request, queryset, admin_action)

    view.__name__ = f"{admin_action.name}_selected"
    return admin.action(description=admin_action.title)(view)


class ActionsModelAdmin(SiteModelAdmin):
    """Model admin with admin actions. Subclasses set `list_actions` and `page_actions` (of a row's own page)."""

    refusals = (*SiteModelAdmin.refusals, ChatError)
    list_actions: tuple[AdminAction, ...] = ()
    page_actions: tuple[AdminAction, ...] = ()
    not_modifiable_text: Text = gettext_lazy("You do not have permission to change some of the selected rows.")

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for admin_action in cls.__dict__.get("list_actions", ()):
            setattr(cls, f"{admin_action.name}_selected", list_view(admin_action))
            cls.actions = (*(cls.actions or ()), f"{admin_action.name}_selected")
        for admin_action in cls.__dict__.get("page_actions", ()):
            setattr(cls, f"{admin_action.name}_row", detail_view(admin_action))
            cls.actions_detail = (*cls.actions_detail, f"{admin_action.name}_row")

    # -- for subclasses -------------------------------------------------------------------------------------------

    def load_display_data(self, rows: Sequence[Any]) -> None:
        """Set attributes on the rows with data to display besides their own fields, in a few queries for all rows."""

    def can_modify(self, request: HttpRequest, row: Any) -> bool:
        """Return whether the operator may run any action on this row."""
        return True

    def response_after(self, request: HttpRequest, admin_action: AdminAction, row: Any) -> HttpResponse:
        """Return the response after an action on a row's own page."""
        return HttpResponseRedirect("../change/")

    # -- permissions ----------------------------------------------------------------------------------------------

    def has_operate_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """Return whether the operator may run actions. `has_change_permission` is false, as no row is editable."""
        return request.user.has_perm(f"{self.opts.app_label}.{get_permission_codename('change', self.opts)}")

    def can_run(self, request: HttpRequest, admin_action: AdminAction) -> bool:
        if admin_action.permission:
            return request.user.has_perm(admin_action.permission)
        return self.has_operate_permission(request)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        offered: dict[str, Any] = super().get_actions(request)
        forbidden = {
            f"{admin_action.name}_selected"
            for admin_action in self.list_actions
            if not self.can_run(request, admin_action)
        }
        return {name: offer for name, offer in offered.items() if name not in forbidden}

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Return the buttons of those actions that the operator may run and that would change the row."""
        row = self.get_plain_object(request, object_id)
        if row is None or not self.can_modify(request, row):
            return []
        useful = {
            admin_action.name
            for admin_action in self.page_actions
            if self.can_run(request, admin_action) and admin_action.applies_to(row)
        }
        ours = {admin_action.name for admin_action in self.page_actions}
        offered: list[Any] = super().get_actions_detail(request, object_id)
        return [
            admin_action for admin_action in offered if admin_action.path in useful or admin_action.path not in ours
        ]

    def get_plain_object(self, request: HttpRequest, object_id: str) -> Any:
        """Return the row without its display data; None if there is none."""
        return super().get_object(request, unquote(object_id))

    # -- running --------------------------------------------------------------------------------------------------

    def run_on_selected(
        self, request: HttpRequest, queryset: QuerySet[Any], admin_action: AdminAction
    ) -> HttpResponse | None:
        """Run the action on the selected rows. "All rows across pages" is ignored, even if the form submits it."""
        rows = list(queryset.filter(pk__in=request.POST.getlist(ACTION_CHECKBOX_NAME)))
        return self._confirm_or_run(request, rows, admin_action, HttpResponseRedirect(request.get_full_path()))

    def run_on_row(self, request: HttpRequest, object_id: str, admin_action: AdminAction) -> HttpResponse:
        """Run the action on one row, from its own page."""
        row = self.get_object(request, unquote(object_id))
        if row is None:
            response: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
            return response
        return self._confirm_or_run(request, [row], admin_action, self.response_after(request, admin_action, row))

    def _confirm_or_run(
        self, request: HttpRequest, rows: list[Any], admin_action: AdminAction, response: HttpResponse
    ) -> HttpResponse:
        modifiable = [row for row in rows if self.can_modify(request, row)]
        if not self.can_run(request, admin_action) or (rows and not modifiable):
            raise PermissionDenied
        if len(modifiable) < len(rows):
            self.message_user(request, self.not_modifiable_text, messages.WARNING)
        targets = [row for row in modifiable if admin_action.applies_to(row)]
        if not targets:
            self.message_user(request, _("No changes: the action does not apply."), messages.WARNING)
            return response
        self.load_display_data(targets)
        is_confirmed = request.method == "POST" and request.POST.get("confirmed") == admin_action.name
        data = request.POST if is_confirmed else None
        if admin_action.form is None:
            form: forms.Form = ReasonForm(data)
        else:
            form = admin_action.form(targets[0] if len(targets) == 1 else None, data)
        if is_confirmed and form.is_valid():
            count = self._run(request, targets, admin_action, form)
            # A refused action is shown again with its input, unless it has no input of its own to correct.
            if count or admin_action.form is None:
                return response
        return self._confirm(request, targets, admin_action, form)

    def _run(self, request: HttpRequest, rows: list[Any], admin_action: AdminAction, form: forms.Form) -> int:
        operator = request.user
        assert isinstance(operator, User)
        data = form.cleaned_data if admin_action.form is not None else {}
        count = self.run_for_each(
            request,
            rows,
            lambda row: admin_action.run(operator, row, **data),
            lambda row: format_entry(admin_action.title, {**admin_action.audit_details(row), **form_details(form)}),
        )
        if count:
            self.message_user(request, admin_action.success % {"count": count}, messages.SUCCESS)
        return count

    def _confirm(
        self, request: HttpRequest, rows: list[Any], admin_action: AdminAction, form: forms.Form
    ) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": admin_action.title,
            "opts": self.opts,
            "admin_action": admin_action,
            "form": form,
            "rows": [(row.pk, self.describe(row)) for row in rows],
            "checkbox": ACTION_CHECKBOX_NAME,
            "action": request.POST.get("action", ""),
            "media": self.media,
        }
        return TemplateResponse(request, "admin/chat/confirm.html", context)
