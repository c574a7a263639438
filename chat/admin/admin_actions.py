"""What an operator does to rows: asked for, told what it means, done by an action when confirmed, and recorded."""

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

from accounts.admin.audit_format import filled_in, record_of
from accounts.admin.base import ActionAdmin
from accounts.models import User
from chat.admin.forms import ReasonForm
from chat.errors import ChatError

Text = Any
"""Words, translated when they are shown."""
MakeForm = Callable[[Any, Any], forms.Form]
"""Makes the form of a deed: of the row (None: of several) and of what was typed (None: nothing yet)."""


@dataclass(frozen=True, slots=True)
class AdminAction:
    """One thing that can be done. `act` gets the operator, the row, and by name what the form was filled with."""

    name: str
    title: Text
    meaning: Text
    done: Text
    """What is said afterwards, such as "%(count)d recalled."."""
    applies: Callable[[Any], bool]
    """Whether it would change anything of the row."""
    act: Callable[..., object]
    form: MakeForm | None = None
    permission: str = ""
    """`app.codename`; empty: the right to change rows of that kind."""
    icon: str | None = None
    about: Callable[[Any], dict[str, str]] = lambda row: {}
    """What else is recorded of the row: what it was about."""


def on_page(deed: AdminAction) -> Any:
    """The deed as a button of a row's own page."""

    def view(self: ActionsAdmin, request: HttpRequest, object_id: str) -> HttpResponse:
        return self.single(request, object_id, deed)

    view.__name__ = f"{deed.name}_this"
    return action(description=deed.title, url_path=deed.name, icon=deed.icon)(view)


def in_list(deed: AdminAction) -> Any:
    """The deed as an action on the rows that are ticked in a list."""

    def view(self: ActionsAdmin, request: HttpRequest, queryset: QuerySet[Any]) -> HttpResponse | None:
        return self.selected(request, queryset, deed)

    view.__name__ = f"{deed.name}_selected"
    return admin.action(description=deed.title)(view)


class ActionsAdmin(ActionAdmin):
    """Subclasses name their deeds: `deeds` of the list, `page_deeds` of the row's own page."""

    refusals = (*ActionAdmin.refusals, ChatError)
    deeds: tuple[AdminAction, ...] = ()
    page_deeds: tuple[AdminAction, ...] = ()
    untouchable: Text = gettext_lazy("Some of these are not yours to change.")

    def __init_subclass__(cls) -> None:
        super().__init_subclass__()
        for deed in cls.__dict__.get("deeds", ()):
            setattr(cls, f"{deed.name}_selected", in_list(deed))
            cls.actions = (*(cls.actions or ()), f"{deed.name}_selected")
        for deed in cls.__dict__.get("page_deeds", ()):
            setattr(cls, f"{deed.name}_this", on_page(deed))
            cls.actions_detail = (*cls.actions_detail, f"{deed.name}_this")

    # -- for subclasses -------------------------------------------------------------------------------------------

    def complete(self, rows: Sequence[Any]) -> None:
        """Give the rows what is shown of them besides their own values."""

    def can_modify(self, request: HttpRequest, row: Any) -> bool:
        """Whether this operator may do anything to this row."""
        return True

    def after(self, request: HttpRequest, deed: AdminAction, row: Any) -> HttpResponse:
        """Where to go when a deed was done to one row."""
        return HttpResponseRedirect("../change/")

    # -- who may --------------------------------------------------------------------------------------------------

    def has_operate_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """The right to do deeds. Rows are not editable whoever one is, so Django's own question is answered no."""
        return request.user.has_perm(f"{self.opts.app_label}.{get_permission_codename('change', self.opts)}")

    def may_do(self, request: HttpRequest, deed: AdminAction) -> bool:
        return request.user.has_perm(deed.permission) if deed.permission else self.has_operate_permission(request)

    def get_actions(self, request: HttpRequest) -> dict[str, Any]:
        offered: dict[str, Any] = super().get_actions(request)
        barred = {f"{deed.name}_selected" for deed in self.deeds if not self.may_do(request, deed)}
        return {name: offer for name, offer in offered.items() if name not in barred}

    def get_actions_detail(self, request: HttpRequest, object_id: str) -> list[Any]:
        """Those that one may do and that would do something."""
        row = self.bare(request, object_id)
        if row is None or not self.can_modify(request, row):
            return []
        useful = {deed.name for deed in self.page_deeds if self.may_do(request, deed) and deed.applies(row)}
        ours = {deed.name for deed in self.page_deeds}
        offered: list[Any] = super().get_actions_detail(request, object_id)
        return [one for one in offered if one.path in useful or one.path not in ours]

    def bare(self, request: HttpRequest, object_id: str) -> Any:
        """The row with its own values only, None if there is none."""
        return super().get_object(request, unquote(object_id))

    # -- doing ----------------------------------------------------------------------------------------------------

    def selected(self, request: HttpRequest, queryset: QuerySet[Any], deed: AdminAction) -> HttpResponse | None:
        """Do the deed to the rows that were ticked, never to "all across pages", whatever the form says."""
        rows = list(queryset.filter(pk__in=request.POST.getlist(ACTION_CHECKBOX_NAME)))
        return self._ask_or_do(request, rows, deed, HttpResponseRedirect(request.get_full_path()))

    def single(self, request: HttpRequest, object_id: str, deed: AdminAction) -> HttpResponse:
        """Do the deed to one row, from its own page."""
        row = self.get_object(request, unquote(object_id))
        if row is None:
            answer: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
            return answer
        return self._ask_or_do(request, [row], deed, self.after(request, deed, row))

    def _ask_or_do(self, request: HttpRequest, rows: list[Any], deed: AdminAction, back: HttpResponse) -> HttpResponse:
        touchable = [row for row in rows if self.can_modify(request, row)]
        if not self.may_do(request, deed) or (rows and not touchable):
            raise PermissionDenied
        if len(touchable) < len(rows):
            self.message_user(request, self.untouchable, messages.WARNING)
        wanted = [row for row in touchable if deed.applies(row)]
        if not wanted:
            self.message_user(request, _("Nothing to do: that is so already."), messages.WARNING)
            return back
        self.complete(wanted)
        confirmed = request.method == "POST" and request.POST.get("confirmed") == deed.name
        typed = request.POST if confirmed else None
        form = deed.form(wanted[0] if len(wanted) == 1 else None, typed) if deed.form is not None else ReasonForm(typed)
        # What was refused is asked again, with all that was typed, unless there is nothing to be typed differently.
        if confirmed and form.is_valid() and (self._do(request, wanted, deed, form) or deed.form is None):
            return back
        return self._ask(request, wanted, deed, form)

    def _do(self, request: HttpRequest, rows: list[Any], deed: AdminAction, form: forms.Form) -> int:
        operator = request.user
        assert isinstance(operator, User)
        given = form.cleaned_data if deed.form is not None else {}
        done = self.try_each(
            request,
            rows,
            lambda row: deed.act(operator, row, **given),
            lambda row: record_of(deed.title, {**deed.about(row), **filled_in(form)}),
        )
        if done:
            self.message_user(request, deed.done % {"count": done}, messages.SUCCESS)
        return done

    def _ask(self, request: HttpRequest, rows: list[Any], deed: AdminAction, form: forms.Form) -> HttpResponse:
        context = {
            **self.admin_site.each_context(request),
            "title": deed.title,
            "opts": self.opts,
            "deed": deed,
            "form": form,
            "rows": [(row.pk, self.describe(row)) for row in rows],
            "checkbox": ACTION_CHECKBOX_NAME,
            "action": request.POST.get("action", ""),
            "media": self.media,
        }
        return TemplateResponse(request, "admin/chat/confirm.html", context)
