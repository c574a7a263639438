"""Base classes of chat's model admins: paginated lists without a row count, changed by admin actions only."""

from __future__ import annotations

from typing import Any, NamedTuple

from django.contrib.admin import ShowFacets
from django.http import HttpRequest
from unfold.paginator import InfinitePaginator
from unfold.views import ChangeList

from accounts.admin.base import ReadOnlyMixin
from chat.admin.admin_actions import ActionsModelAdmin


class Status(NamedTuple):
    """A status label: `name` selects its colour, `label` is the translated text."""

    name: str
    label: str

    def __str__(self) -> str:
        return self.label


class UncountedPaginator(InfinitePaginator):  # type: ignore[misc]
    """Pages without the number of rows, which takes seconds to count in a table of millions."""

    MAX_PAGES = 1000
    """Skipping rows costs as much as reading them, so operators search for older rows instead."""

    @property
    def count(self) -> int:
        return self.MAX_PAGES * int(self.per_page)


class DisplayDataChangeList(ChangeList):  # type: ignore[misc]
    """A page of rows with the display data that the model admin loads for them."""

    result_list: Any

    def get_results(self, request: HttpRequest) -> None:
        super().get_results(request)
        rows: list[Any] = list(self.result_list)
        self.model_admin.load_display_data(rows)
        self.result_list = rows
        # The pages would show the paginator's count, which is no count of rows.
        self.full_result_count = self.result_count = len(rows)


class LargeTableAdmin(ActionsModelAdmin):
    """Model admin whose list costs the same whatever the size of the table."""

    paginator = UncountedPaginator
    show_facets = ShowFacets.NEVER
    list_per_page = 50
    list_disable_select_all = True
    warn_unsaved_form = False

    def get_changelist(self, request: HttpRequest, **kwargs: Any) -> type[ChangeList]:
        return DisplayDataChangeList

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        row = super().get_object(request, object_id, from_field)
        if row is not None:
            self.load_display_data([row])
        return row


class ReadOnlyTableAdmin(ReadOnlyMixin, LargeTableAdmin):
    """Model admin of rows that are not editable. The model's change permission allows its admin actions."""
