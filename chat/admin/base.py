"""What chat's admin pages share: rows are looked at, and what an operator does to them is asked once more."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.contrib.admin import ShowFacets
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.utils import unquote
from django.contrib.auth import get_permission_codename
from django.core.exceptions import PermissionDenied
from django.db.models import Model, QuerySet
from django.http import HttpRequest, HttpResponse, HttpResponseRedirect
from django.template.response import TemplateResponse
from unfold.paginator import InfinitePaginator
from unfold.views import ChangeList

from accounts.admin.base import ActionAdmin, ReadOnly
from accounts.models import User
from chat.errors import ChatError
from delivery.transactions import write


class UncountedPages(InfinitePaginator):  # type: ignore[misc]
    """Pages without the number of all rows, which a table of millions takes seconds to tell."""

    PAGES = 1000
    """Who looks for something further back searches for it: skipping rows costs as much as reading them."""

    @property
    def count(self) -> int:
        return self.PAGES * int(self.per_page)


class CompletedRows(ChangeList):  # type: ignore[misc]
    """A page of rows that got, in a few queries for all of them, what each of them shows."""

    result_list: Any

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows: list[Any] = list(self.result_list)
        self.model_admin.complete(rows)
        self.result_list = rows
        # Or unfold shows a number that nobody has counted.
        self.full_result_count = self.result_count


@dataclass(frozen=True, slots=True)
class Deed:
    """Something that an operator does to rows. It is asked for, told what it means, and done when confirmed."""

    name: str
    title: str
    meaning: str
    done: str
    """What is said of the rows afterwards: "2 recalled."."""
    applies: Callable[[Any], bool]
    """Whether it would change anything of the row."""
    act: Callable[[User, Any], object]


class ChatAdmin(ReadOnly, ActionAdmin):
    """Subclasses name their deeds; who may change rows of that kind may do them."""

    refusals = (*ActionAdmin.refusals, ChatError)
    paginator = UncountedPages
    show_facets = ShowFacets.NEVER
    list_per_page = 50
    list_disable_select_all = True
    warn_unsaved_form = False

    def complete(self, rows: Sequence[Any]) -> None:
        """Give the rows what their columns show besides their own values."""

    def describe(self, row: Any) -> str:
        """The row in one line, where it is asked whether something shall be done to it."""
        return str(row)

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return CompletedRows

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        row = super().get_object(request, object_id, from_field)
        if row is not None:
            self.complete([row])
        return row

    def bare(self, request: HttpRequest, object_id: str) -> Any:
        """The row with its own values only, None if there is none."""
        return super().get_object(request, unquote(object_id))

    def has_operate_permission(self, request: HttpRequest, obj: Model | None = None) -> bool:
        """The right to do deeds. Rows are not editable whoever one is, so Django's own question is answered no."""
        return request.user.has_perm(f"{self.opts.app_label}.{get_permission_codename('change', self.opts)}")

    def selected(self, request: HttpRequest, queryset: QuerySet[Any], deed: Deed) -> HttpResponse | None:
        """Do the deed to the rows that were ticked, never to "all across pages", whatever the form says."""
        rows = list(queryset.filter(pk__in=request.POST.getlist(ACTION_CHECKBOX_NAME)))
        return self._ask_or_do(request, rows, deed, HttpResponseRedirect(request.get_full_path()))

    def single(self, request: HttpRequest, object_id: str, deed: Deed) -> HttpResponse:
        """Do the deed to one row, from its own page."""
        row = self.get_object(request, unquote(object_id))
        if row is None:
            answer: HttpResponse = self._get_obj_does_not_exist_redirect(request, self.opts, object_id)
            return answer
        return self._ask_or_do(request, [row], deed, HttpResponseRedirect("../change/"))

    def _ask_or_do(self, request: HttpRequest, rows: list[Any], deed: Deed, back: HttpResponse) -> HttpResponse:
        if not self.has_operate_permission(request):
            raise PermissionDenied
        wanted = [row for row in rows if deed.applies(row)]
        if not wanted:
            self.message_user(request, "Nothing to do: that is so already.", messages.WARNING)
            return back
        if request.method == "POST" and request.POST.get("confirmed") == deed.name:
            self._do(request, wanted, deed)
            return back
        return self._ask(request, wanted, deed)

    def _do(self, request: HttpRequest, rows: list[Any], deed: Deed) -> None:
        operator = request.user
        assert isinstance(operator, User)

        def act(row: Any) -> None:
            deed.act(operator, row)
            # Django's own record, for the page's history. After the deed, whose log position nothing may wait for.
            with write():
                self.log_change(request, row, f"{deed.title}.")

        done = self.try_each(request, rows, act)
        if done:
            self.message_user(request, f"{done} {deed.done}.", messages.SUCCESS)

    def _ask(self, request: HttpRequest, rows: list[Any], deed: Deed) -> HttpResponse:
        self.complete(rows)
        context = {
            **self.admin_site.each_context(request),
            "title": deed.title,
            "opts": self.opts,
            "deed": deed,
            "rows": [(row.pk, self.describe(row)) for row in rows],
            "checkbox": ACTION_CHECKBOX_NAME,
            "action": request.POST.get("action", ""),
            "media": self.media,
        }
        return TemplateResponse(request, "admin/chat/confirm.html", context)
