"""Every admin page of this app opens, and its lists cost a fixed number of queries."""

from __future__ import annotations

import pytest
from django.contrib import admin
from django.contrib.admin.models import CHANGE, LogEntry
from django.contrib.auth.models import Group
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

import imsite.admin_urls  # noqa: F401  Registers the pages.
from accounts.actions import app_create, guest_create, service_create, token_issue
from accounts.models import User

pytestmark = pytest.mark.slow


@pytest.fixture
def content(alice: User) -> None:
    app_create(number=901, name="Web")
    Group.objects.create(name="Moderators")
    token_issue(user=alice)
    LogEntry.objects.log_actions(alice.pk, [alice], CHANGE, "Muted.", single_object=True)
    service_create(username="shop")
    Client().post("/accounts/login/", {"username": "alice", "password": "wrong"})


def test_every_page_opens(as_root: Client, content: None) -> None:
    opened = 0
    for model, pages in admin.site._registry.items():
        if model._meta.app_label == "chat":
            continue
        base = f"admin:{model._meta.app_label}_{model._meta.model_name}"
        for suffix in ("changelist", "add"):
            allowed = suffix != "add" or pages.has_add_permission(as_root.get("/admin/").wsgi_request)
            assert as_root.get(reverse(f"{base}_{suffix}")).status_code == (200 if allowed else 403), model
        row = model._default_manager.first()
        assert row is not None, f"{model} has no row to open."
        for suffix in ("change", "history"):
            assert as_root.get(reverse(f"{base}_{suffix}", args=[row.pk])).status_code == 200, model
        opened += 1
    assert opened >= 5


@pytest.mark.parametrize("path", ["/admin/", "/admin/accounts/", "/admin/jsi18n/"])
def test_the_project_pages_open(as_root: Client, path: str) -> None:
    assert as_root.get(path).status_code == 200


def test_the_password_page_opens(as_root: Client, alice: User) -> None:
    page = as_root.get(f"/admin/accounts/user/{alice.pk}/password/")
    assert page.status_code == 200
    assert "usable_password" not in page.content.decode()


def test_the_admin_redirects_to_the_sites_password_page(as_root: Client) -> None:
    assert as_root.get("/admin/password_change/")["Location"] == "/accounts/password/"


def _queries(client: Client, path: str) -> int:
    with CaptureQueriesContext(
        connection,
    ) as queries:
        assert client.get(path).status_code == 200
    return len(queries)


@pytest.mark.parametrize(
    "model", ["accounts/user", "accounts/app", "accounts/service", "knox/authtoken", "axes/accessattempt"]
)
def test_a_list_costs_the_same_number_of_queries_at_any_length(as_root: Client, content: None, model: str) -> None:
    path = f"/admin/{model}/"
    as_root.get(path)
    before = _queries(as_root, path)
    for number in range(20):
        token_issue(user=guest_create(name=f"Guest {number}"))
        service_create(username=f"shop{number}")
        app_create(number=1000 + number, name="Another")
        Client().post("/accounts/login/", {"username": f"nobody{number}", "password": "wrong"})
    assert _queries(as_root, path) == before


def test_an_anonymous_visitor_is_redirected_to_sign_in(db: None, client: Client) -> None:
    for path in ("/admin/", "/admin/accounts/user/", "/admin/knox/authtoken/"):
        assert client.get(path).status_code == 302
