"""What chat's admin pages share: rows are looked at page by page without counting them, and changed by deeds only."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.contrib.admin import ShowFacets
from django.http import HttpRequest
from unfold.paginator import InfinitePaginator
from unfold.views import ChangeList

from accounts.admin.base import ReadOnly
from chat.admin.admin_actions import ActionsAdmin


class State(NamedTuple):
    """How something stands: by which name its label has its colour, and in the operator's words."""

    name: str
    words: str

    def __str__(self) -> str:
        return self.words


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


class LargeTableAdmin(ActionsAdmin):
    """A list that costs the same however long its table is."""

    paginator = UncountedPages
    show_facets = ShowFacets.NEVER
    list_per_page = 50
    list_disable_select_all = True
    warn_unsaved_form = False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return CompletedRows

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        row = super().get_object(request, object_id, from_field)
        if row is not None:
            self.complete([row])
        return row


class ChatAdmin(ReadOnly, LargeTableAdmin):
    """Rows that are looked at; subclasses name their deeds. Who may change rows of that kind may do them."""
