"""Operator, moderator and auditor are tested at every admin URL, found by asking the site.

A page that is added later is tested as well: without an entry here, only operators may see it.
"""

from __future__ import annotations

import pytest
from django.contrib.auth.models import Group, Permission
from django.test import Client

from accounts.models import User
from chat.models import Channel
from imsite.roles import create_roles
from tests.support.admin_site import NODES, admin_paths, request_for, row_of
from tests.support.operators import admin_browser

pytestmark = [pytest.mark.django_db, pytest.mark.slow]

one_database = pytest.mark.sqlite
"""For refusals, which precede every query of a page. The operator opens all pages on both databases."""
SUPERUSERS = ("auth/group",)
"""Groups grant permissions."""
LOOKS = {
    "moderator": {"chat/channel", "chat/message", "chat/attachment", "chat/report", "chat/restriction",
                  "accounts/user"},
    "auditor": {"chat/channel", "chat/message", "chat/attachment", "chat/report", "chat/restriction",
                "chat/announcement", "accounts/user", "accounts/app", "accounts/service", "knox/authtoken",
                "axes/accessattempt", "admin/logentry", "chat/webhook", "chat/incomingwebhook", "chat/slashcommand",
                "chat/customemoji", "chat/scheduledmessage", "chat/invitelink"},
}  # fmt: skip
"""Lists and pages of rows that a role may see."""
DOES = {
    "moderator": {"chat/message/recall", "chat/message/pin", "chat/message/unpin", "chat/attachment/remove",
                  "chat/report/dismiss", "chat/report/recall",
                  "chat/report/recall_mute", "chat/report/recall_ban", "accounts/user/mute",
                  "accounts/user/unmute", "accounts/user/ban", "accounts/user/unban", "chat/channel/mute",
                  "chat/channel/ban"},
    "auditor": set(),
}  # fmt: skip
"""Actions that a role may perform."""


def browser_of(role: str) -> Client:
    user = User.objects.create_user(f"the-{role}", is_staff=True)
    user.groups.add(Group.objects.get(name=role))
    return admin_browser(user)


def allowed(role: str, model: str, action: str) -> bool:
    if action in ("list", "change", "history"):
        return model in LOOKS[role]
    return f"{model}/{action}" in DOES[role]


@one_database
@pytest.mark.parametrize("role", ["moderator", "auditor"])
def test_a_role_has_exactly_its_permissions(role: str, rows: dict[str, int | str]) -> None:
    client = browser_of(role)
    wrong: list[str] = []
    count = 0
    for path in admin_paths():
        if path == NODES:
            url, may = f"/{NODES}", role == "auditor"
        else:
            url, model, action = request_for(path, rows)
            may = allowed(role, model, action)
        count += 1
        # A form without confirmation does nothing, so every URL can be tried with both methods.
        for answer in (client.get(url), client.post(url, {"x": "y"})):
            # A redirect shows nothing: an old URL of Django's, or a missing row.
            if (answer.status_code == 403) == may and answer.status_code not in (302, 404, 405):
                wrong.append(f"{answer.request['REQUEST_METHOD']} {url}: {answer.status_code}, may: {may}")
    assert count > 60
    # Viewing is not changing: visible pages refuse submitted data.
    wrong = [line for line in wrong if not (line.startswith("POST") and line.endswith("403, may: True"))]
    assert not wrong, "\n".join(wrong)


@one_database
@pytest.mark.parametrize("role", ["moderator", "auditor"])
def test_a_role_with_view_permission_cannot_change_anything(role: str, rows: dict[str, int | str]) -> None:
    """Every URL is tried again with all possible confirmations."""
    client = browser_of(role)
    before = {user.pk: (user.is_active, user.is_staff, user.nickname) for user in User.objects.all()}
    for path in admin_paths():
        if path == NODES:
            continue
        url, model, action = request_for(path, rows)
        if allowed(role, model, action) and action not in ("list", "change", "history"):
            continue
        confirmed = {
            "confirmed": action,
            "post": "yes",
            "nickname": "Mine",
            "is_staff": "on",
            "hours": "0",
            "name": "x",
        }
        client.post(url, confirmed)
        client.post(url, {"action": "delete_selected", "_selected_action": [row_of(model, rows)], "post": "yes"})
    assert {user.pk: (user.is_active, user.is_staff, user.nickname) for user in User.objects.all()} == before
    assert Channel.objects.filter(name="Tea", closed=False).exists() and not Group.objects.filter(name="x").exists()


def test_an_operator_reaches_everything_but_the_permissions_of_others(rows: dict[str, int | str]) -> None:
    client = browser_of("operator")
    for path in admin_paths():
        if path == NODES:
            continue
        url, model, action = request_for(path, rows)
        status = client.get(url).status_code
        if model in SUPERUSERS:
            assert status in (302, 403), url
        elif action in ("list", "change", "history"):
            assert status in (200, 302), (url, status)


@one_database
def test_staff_without_a_role_see_no_pages(rows: dict[str, int | str]) -> None:
    client = admin_browser(User.objects.create_user("stan", is_staff=True))
    for path in admin_paths():
        url = f"/{NODES}" if path == NODES else request_for(path, rows)[0]
        assert client.get(url).status_code in (302, 403, 404), url


def test_setup_keeps_roles_that_an_operator_changed() -> None:
    # An earlier test may have emptied the database.
    create_roles()
    moderator = Group.objects.get(name="moderator")
    moderator.permissions.set(Permission.objects.filter(codename="view_channel"))
    Group.objects.get(name="auditor").delete()
    for _ in range(2):
        create_roles()
    assert list(moderator.permissions.values_list("codename", flat=True)) == ["view_channel"]
    assert Group.objects.filter(name="auditor").count() == 1
