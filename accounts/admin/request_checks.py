"""Refuses values that no row can have: NUL, and numbers that are not in their usual form.

PostgreSQL fails on NUL, and Python reads `007`, `1_0` and `１０` as numbers.
"""

from __future__ import annotations

from typing import Any

from django import forms
from django.contrib.admin.helpers import ACTION_CHECKBOX_NAME
from django.contrib.admin.options import IncorrectLookupParameters
from django.contrib.admin.views.main import ERROR_FLAG
from django.core.exceptions import BadRequest, FieldDoesNotExist, ValidationError
from django.db import DataError
from django.db.models import Field, ForeignKey, IntegerField, QuerySet
from django.db.models.options import Options
from django.http import HttpRequest, HttpResponse
from unfold.admin import ModelAdmin

from accounts.names import is_storable
from accounts.numbers import parse_decimal

_COMPARISONS = ("exact", "in", "gt", "gte", "lt", "lte")


class WholeNumberField(forms.IntegerField):
    """A form field for a number that is not negative, in its usual form."""

    def to_python(self, value: Any) -> int | None:
        if value not in self.empty_values and parse_decimal(str(value).strip()) is None:
            raise ValidationError(self.error_messages["invalid"], code="invalid")
        return super().to_python(value)


class CheckedModelAdmin(ModelAdmin):  # type: ignore[misc]
    """Checks the filters of lists, the ids in URLs and the selected rows before they are used in queries."""

    def lookup_allowed(self, lookup: str, value: str, request: HttpRequest) -> bool:
        """Return whether the list may be filtered by this lookup and value.

        Django answers a refused filter with status 400.
        """
        if not (is_storable(lookup) and is_storable(value)):
            return False
        if isinstance(_compared_field(self.opts, lookup), IntegerField):
            numbers = value.split(",") if lookup.endswith("__in") else [value]
            if any(parse_decimal(number.removeprefix("-")) is None for number in numbers):
                return False
        return bool(super().lookup_allowed(lookup, value, request))

    def get_search_results(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Return the result of `search_rows`: no rows for text that no row can have."""
        if not is_storable(search_term):
            return queryset.none(), False
        return self.search_rows(request, queryset, search_term)

    def search_rows(
        self, request: HttpRequest, queryset: QuerySet[Any], search_term: str
    ) -> tuple[QuerySet[Any], bool]:
        """Return the rows that match, and whether some may occur twice. Override it to search in another way.

        Lists and choices of related rows search by it.
        """
        found: tuple[QuerySet[Any], bool] = super().get_search_results(request, queryset, search_term)
        return found

    def get_changelist_instance(self, request: HttpRequest) -> Any:
        """Return the list. A filter that the database refuses shows the list without filters, as a malformed one."""
        try:
            return super().get_changelist_instance(request)
        except (DataError, OverflowError, ValueError) as error:
            if not request.GET.keys() - {ERROR_FLAG}:
                raise
            raise IncorrectLookupParameters(error) from error

    def get_object(self, request: HttpRequest, object_id: str, from_field: str | None = None) -> Any:
        """Return the row; None for text that is no id."""
        if from_field is None and not self._is_id(object_id):
            return None
        return super().get_object(request, object_id, from_field)

    def response_action(self, request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse | None:
        """Run the chosen list action. Raise BadRequest if a selected row has no id."""
        if not all(map(self._is_id, request.POST.getlist(ACTION_CHECKBOX_NAME))):
            raise BadRequest("A selected row has no id.")
        response: HttpResponse | None = super().response_action(request, *args, **kwargs)
        return response

    def _is_id(self, text: str) -> bool:
        if isinstance(self.opts.pk, IntegerField):
            return parse_decimal(text) is not None
        return is_storable(text)


def _compared_field(opts: Options[Any], lookup: str) -> Field[Any, Any] | None:
    """Return the field that a lookup compares with its value; None for other lookups, such as `created_at__year`."""
    field: Any = None
    parts = lookup.split("__")
    for position, part in enumerate(parts):
        try:
            field = opts.pk if part == "pk" else opts.get_field(part)
        except FieldDoesNotExist:
            if position + 1 < len(parts) or part not in _COMPARISONS:
                return None
            break
        if field.related_model is not None:
            opts = field.related_model._meta
    return field.target_field if isinstance(field, ForeignKey) else field
