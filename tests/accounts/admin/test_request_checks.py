"""The admin refuses values that no row can have, on both databases: NUL, and numbers in other forms."""

from __future__ import annotations

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.admin.options import ModelAdmin
from django.db.models import IntegerField
from django.test import Client
from django.urls import reverse
from django.utils.http import urlencode

import imsite.admin_urls  # noqa: F401  Registers the pages.
from accounts.actions import app_create
from accounts.models import App, User

ODD_NUMBERS = ["007", "+7", "1_0", "１０", "1e3", " 7", "9" * 30, "x", "\0"]


def _lists() -> list[tuple[str, ModelAdmin]]:
    return [
        (reverse(f"admin:{model._meta.app_label}_{model._meta.model_name}_changelist"), pages)
        for model, pages in admin.site._registry.items()
    ]


def test_every_filter_refuses_nul(as_root: Client) -> None:
    filters = [(path, f"{field}__exact") for path, pages in _lists() for field in pages.list_filter]
    assert len(filters) > 10
    for path, name in [*filters, *((path, "pk") for path, _ in _lists())]:
        assert as_root.get(path, {name: "\0"}).status_code == 400, (path, name)


def test_every_list_answers_odd_searches_and_pages(as_root: Client) -> None:
    queries = [(path, {"q": "a\0b"}) for path, _ in _lists()]
    queries += [("/admin/accounts/user/", {name: "\0"}) for name in ("p", "o", "e", "\0")]
    queries += [("/admin/accounts/app/", {"p": "9" * 30}), ("/admin/search/", {"s": "a\0b", "extended": "1"})]
    for path, query in queries:
        assert as_root.get(path, query).status_code in (200, 302, 400), (path, query)


def test_every_choice_of_a_related_row_answers_odd_searches(as_root: Client) -> None:
    searched = [model for model, pages in admin.site._registry.items() if pages.search_fields]
    fields = [
        {"app_label": model._meta.app_label, "model_name": model._meta.model_name, "field_name": field.name}
        for model in apps.get_models()
        for field in model._meta.fields
        if field.related_model in searched
    ]
    assert len(fields) > 10
    for field in fields:
        found = as_root.get("/admin/autocomplete/", field | {"term": "a\0b"})
        assert (found.status_code, found.json()["results"]) == (200, []), field


@pytest.mark.parametrize("number", ODD_NUMBERS, ids=ascii)
def test_every_page_of_a_row_refuses_an_odd_id(number: str, as_root: Client) -> None:
    for path, pages in _lists():
        if not isinstance(pages.opts.pk, IntegerField) and number != "\0":
            continue
        for page in ("change", "history"):
            response = as_root.get(f"{path}{urlencode({'x': number})[2:]}/{page}/")
            assert (response.status_code, response["Location"]) == (302, "/admin/"), (path, page)


@pytest.mark.parametrize("number", ODD_NUMBERS, ids=ascii)
def test_a_filter_by_number_refuses_another_form(number: str, as_root: Client) -> None:
    for lookup in ("id", "id__exact", "pk__in", "id__gt", "groups__id__exact"):
        for value in (number, f"1,{number}") if lookup.endswith("in") else (number,):
            assert as_root.get("/admin/accounts/user/", {lookup: value}).status_code == 400, (lookup, value)


def test_a_valid_filter_lists_its_rows(as_root: Client, root: User, alice: User) -> None:
    for query in ({"id": alice.pk}, {"pk__in": f"{alice.pk},99"}, {"kind__exact": "person", "is_staff__exact": 0}):
        page = as_root.get("/admin/accounts/user/", query)
        assert [row.pk for row in page.context["cl"].result_list] == [alice.pk], query


def test_a_filter_that_the_database_refuses_shows_the_whole_list(as_root: Client) -> None:
    for year in ("99999", "9" * 30, "0", "x"):
        response = as_root.get("/admin/accounts/user/", {"date_joined__year": year})
        assert response.status_code in (200, 302), year


@pytest.mark.parametrize("number", ODD_NUMBERS, ids=ascii)
def test_a_list_action_on_an_odd_id_is_refused(number: str, as_root: Client) -> None:
    form = {"action": "unlock", "_selected_action": number, "index": "0"}
    assert as_root.post("/admin/axes/accessattempt/", form).status_code == 400


@pytest.mark.parametrize("number", ODD_NUMBERS, ids=ascii)
def test_a_number_in_a_form_has_its_usual_form(number: str, as_root: Client) -> None:
    page = as_root.post("/admin/accounts/app/add/", {"number": number, "name": "Desk"})
    if number.strip() == "7":
        assert page.status_code == 302
    else:
        assert page.status_code == 200 and not App.objects.exists()


def test_the_admin_still_adds_an_app(as_root: Client) -> None:
    app_create(number=901, name="Web")
    assert as_root.post("/admin/accounts/app/add/", {"number": "902", "name": "Desk"}).status_code == 302
    assert App.objects.filter(number=902, name="Desk").exists()
