"""Users who leave the directory lose their account's sessions, tokens and connections."""

from __future__ import annotations

import asyncio
from io import StringIO
from typing import Any

import pytest
from django.contrib.auth.models import Group
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.actions import token_issue, user_activate, user_deactivate, user_mark_deleted
from accounts.errors import LdapUnavailable
from accounts.ldap.sync import sync
from accounts.models import User
from accounts.selectors.users import user_by_token
from chat.node.periodic_tasks import start_periodic_tasks
from tests.accounts.conftest import Revocations
from tests.support.account_pages import sign_in
from tests.support.fixtures.users import PASSWORD as LOCAL_PASSWORD
from tests.support.slapd import GROUPS, PASSWORD, PEOPLE, Slapd

pytestmark = pytest.mark.django_db


@pytest.fixture
def hanne(ldap_site: Slapd) -> str:
    """Return the DN of a user who has signed in."""
    dn = ldap_site.add_user("hanne")
    assert sign_in(Client(), "hanne", PASSWORD) == 302
    return dn


def _user() -> User:
    return User.objects.get(username="hanne")


def _ldap(*arguments: str) -> str:
    out = StringIO()
    call_command("ldap", *arguments, stdout=out)
    return out.getvalue()


def test_a_removed_user_is_signed_out_everywhere(ldap_site: Slapd, hanne: str, revocations: Revocations) -> None:
    browser = Client()
    sign_in(browser, "hanne", PASSWORD)
    token = token_issue(user=_user())
    assert browser.get("/accounts/profile/").status_code == 200 and user_by_token(token)[0] == _user()
    ldap_site.remove(hanne)

    result = sync()

    assert (result.found, result.gone, _user().is_active) == (0, ["hanne"], False)
    assert browser.get("/accounts/profile/").status_code == 302 and user_by_token(token) is None
    assert revocations(_user())[-1] == {"credential": None, "except": None}
    assert sync().gone == []


def test_a_user_who_comes_back_signs_in_again(ldap_site: Slapd, hanne: str, settings: Any) -> None:
    settings.IM_LDAP_USER_FILTER = "(&(uid={username})(!(title=disabled)))"
    ldap_site.change(hanne, title="disabled")
    sync()
    assert sign_in(Client(), "hanne", PASSWORD) == 200 and not _user().is_active
    ldap_site.change(hanne, title=None)
    assert sign_in(Client(), "hanne", PASSWORD) == 302 and _user().is_active


def test_a_sync_activates_who_is_back(ldap_site: Slapd, hanne: str, settings: Any) -> None:
    settings.IM_LDAP_REQUIRE_GROUP = f"cn=chat,{GROUPS}"
    sync()
    assert not _user().is_active
    ldap_site.add_group("chat", hanne)
    assert sync().found == 1 and _user().is_active


def test_an_account_that_an_operator_deactivated_stays_so(ldap_site: Slapd, hanne: str) -> None:
    user_deactivate(user_id=_user().pk)
    sync()
    assert not _user().is_active
    user_activate(user_id=_user().pk)
    sync()
    assert _user().is_active


def test_an_outage_deactivates_nobody(ldap_site: Slapd, hanne: str) -> None:
    ldap_site.kill()
    with pytest.raises(LdapUnavailable):
        sync()
    assert _user().is_active


def test_a_wrong_base_deactivates_nobody(ldap_site: Slapd, hanne: str, settings: Any) -> None:
    settings.IM_LDAP_USER_BASE = f"ou=absent,{PEOPLE}"
    with pytest.raises(LdapUnavailable):
        sync()
    assert _user().is_active


def test_too_many_at_once_are_not_believed(ldap_site: Slapd, settings: Any) -> None:
    names = [f"user{number}" for number in range(8)]
    for name in names:
        ldap_site.add_user(name)
        sign_in(Client(), name, PASSWORD)
    settings.IM_LDAP_USER_FILTER = "(&(uid={username})(title=present))"

    assert sync().is_refused and User.objects.filter(is_active=True).count() == 8
    with pytest.raises(CommandError, match="8 accounts are gone"):
        _ldap("sync")
    assert "8 would be deactivated" in _ldap("sync", "--dry-run")
    assert User.objects.filter(is_active=True).count() == 8
    assert "8 deactivated" in _ldap("sync", "--force")
    assert not User.objects.filter(is_active=True).exists()


def test_many_accounts_are_looked_up_in_batches(ldap_site: Slapd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("accounts.ldap.sync._BATCH", 2)
    for number in range(5):
        ldap_site.add_user(f"user{number}")
        sign_in(Client(), f"user{number}", PASSWORD)
    assert sync().found == 5


def test_the_last_administrator_stays(ldap_site: Slapd, hanne: str) -> None:
    User.objects.update(is_superuser=True, is_staff=True)
    ldap_site.remove(hanne)
    assert "last administrator" in _ldap("sync")
    assert _user().is_active


def test_a_sync_takes_over_changes(ldap_site: Slapd, hanne: str, settings: Any) -> None:
    settings.IM_LDAP_GROUP_MAP = f"cn=ops,{GROUPS}:moderator"
    ldap_site.add_group("ops", hanne)
    ldap_site.change(hanne, mail="hanne@example.org")
    sync()
    assert _user().email == "hanne@example.org"
    assert list(_user().groups.all()) == [Group.objects.get(name="moderator")]


def test_a_deleted_account_does_not_come_back(ldap_site: Slapd, hanne: str) -> None:
    user_mark_deleted(user_id=_user().pk)
    assert sync().found == 0 and not _user().is_active


def test_local_accounts_are_left_alone(ldap_site: Slapd, hanne: str, alice: User) -> None:
    assert sync().found == 1
    alice.refresh_from_db()
    assert alice.is_active


def test_a_password_that_an_operator_sets_makes_the_account_local(ldap_site: Slapd, hanne: str) -> None:
    user = _user()
    user.set_password(LOCAL_PASSWORD)
    user.save()
    ldap_site.remove(hanne)
    assert sync().found == 0 and sync().gone == []
    assert sign_in(Client(), "hanne", LOCAL_PASSWORD) == 302


def test_check_shows_what_the_site_reads(ldap_site: Slapd, hanne: str, settings: Any) -> None:
    settings.IM_LDAP_GROUP_MAP = f"cn=ops,{GROUPS}:staff"
    ldap_site.add_group("ops", hanne)
    assert _ldap("check") == "The directory answers.\n"
    shown = _ldap("check", "hanne")
    assert f"DN: {hanne}" in shown and "Roles: staff" in shown and "May sign in: yes" in shown
    with pytest.raises(CommandError, match="no entry"):
        _ldap("check", "nobody")
    ldap_site.kill()
    with pytest.raises(CommandError, match="cannot be checked"):
        _ldap("check")


def test_an_existing_account_is_linked(ldap_site: Slapd, alice: User) -> None:
    browser = Client()
    sign_in(browser, "alice")
    dn = ldap_site.add_user("liddell")
    assert f"alice signs in as {dn}" in _ldap("link", "alice", "liddell")
    assert browser.get("/accounts/profile/").status_code == 302
    assert sign_in(Client(), "alice", LOCAL_PASSWORD) == 200
    for name in ("alice", "liddell"):
        assert sign_in(Client(), name, PASSWORD) == 302
    assert User.objects.filter(kind=User.Kind.PERSON).count() == 1


def test_an_entry_is_linked_with_one_account(ldap_site: Slapd, alice: User, hanne: str) -> None:
    with pytest.raises(CommandError, match="linked with another"):
        _ldap("link", "alice", "hanne")
    for name in ("nobody", "alice"):
        with pytest.raises(CommandError, match=r"no account|no entry"):
            _ldap("link", name)


def test_the_command_needs_the_setting(settings: Any) -> None:
    settings.IM_LDAP_URI = ""
    with pytest.raises(CommandError, match="IM_LDAP_URI is not set"):
        _ldap("check")


@pytest.mark.parametrize(
    ("uri", "interval", "runs"), [("ldaps://a", 900.0, True), ("ldaps://a", 0.0, False), ("", 900.0, False)]
)
async def test_a_node_looks_by_itself(settings: Any, uri: str, interval: float, runs: bool) -> None:
    settings.IM_LDAP_URI, settings.IM_LDAP_SYNC_INTERVAL = uri, interval
    tasks = start_periodic_tasks()
    try:
        assert ("LDAP" in {task.get_name() for task in tasks}) == runs
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
