"""Attack 23: sign-in with an LDAP directory, by injection, anonymous binds, and the gaps between two stores."""

from __future__ import annotations

from typing import Any

import pytest
from axes.models import AccessAttempt
from django.contrib.auth import SESSION_KEY, authenticate
from django.core.exceptions import PermissionDenied
from django.test import Client, RequestFactory

from accounts.ldap.backend import LdapBackend
from accounts.models import User
from tests.support.account_pages import sign_in
from tests.support.fixtures.users import PASSWORD as LOCAL_PASSWORD
from tests.support.slapd import GROUPS, PASSWORD, PEOPLE, SITE_PASSWORD, Slapd

pytestmark = pytest.mark.django_db

INJECTIONS = [
    "*", "han*", "hanne*", "hanne)(uid=*", "*)(uid=*))(|(uid=*", "hanne)(objectClass=*", "\\2a", "\\68anne",
    "hanne\0", "hanne\\00", "(uid=hanne)", "|(uid=hanne)", "&", "", " ", "uid=hanne", f"uid=hanne,{PEOPLE}",
    "hanne)(userPassword=d*", "hanne,ou=people", "{username}", "{dn}", "%s", "%(user)s", "\ud800", "h\u0301anne",
]  # fmt: skip
SAME_FOR_THE_DIRECTORY = [" hanne", "hanne ", "\u00adhanne", "han\u00adne", "hanne\u200b", "\u2060hanne", "hanne\u3000"]
"""Spellings that LDAP's matching takes for hanne. Each would have a lock of its own."""


def _refused(username: str, password: str) -> bool:
    client = Client()
    sign_in(client, username, password)
    return SESSION_KEY not in client.session


@pytest.mark.parametrize("name", INJECTIONS)
def test_a_name_is_no_part_of_a_filter(ldap_site: Slapd, name: str) -> None:
    ldap_site.add_user("hanne")
    assert _authenticated(name, PASSWORD) is None
    assert _refused(name.replace("\ud800", "?"), PASSWORD)
    assert not User.objects.exists()


@pytest.mark.parametrize("name", SAME_FOR_THE_DIRECTORY)
def test_a_name_that_only_the_directory_takes_for_equal_is_another(ldap_site: Slapd, name: str) -> None:
    ldap_site.add_user("hanne")
    assert _authenticated(name, PASSWORD) is None


@pytest.mark.parametrize("password", ["", "\0", "\0directory password", "\ud800"])
@pytest.mark.parametrize("known", [False, True])
def test_an_empty_or_odd_password_never_signs_in(ldap_site: Slapd, password: str, known: bool) -> None:
    """slapd takes a DN with an empty password for an anonymous bind, which succeeds: it is configured so here."""
    ldap_site.add_user("hanne")
    if known:
        sign_in(Client(), "hanne", PASSWORD)
    assert _authenticated("hanne", password) is None
    assert _refused("hanne", password.replace("\ud800", "?"))


def test_the_password_of_the_site_is_nobody_elses(ldap_site: Slapd) -> None:
    assert _authenticated("imsite", SITE_PASSWORD) is None
    assert _authenticated("admin", "admin-password") is None


def test_a_referral_is_not_followed(ldap_site: Slapd, slapd: Slapd) -> None:
    """Its server would get the password."""
    ldap_site.add(
        f"uid=mallory,{PEOPLE}",
        {
            "objectClass": ["referral", "extensibleObject"],
            "uid": "mallory",
            "ref": f"ldap://127.0.0.1:1/uid=x,{PEOPLE}",
        },
    )
    assert _authenticated("mallory", PASSWORD) is None


def test_a_local_password_does_not_open_an_account_of_the_directory(ldap_site: Slapd, settings: Any) -> None:
    ldap_site.add_user("hanne", mail="hanne@example.org")
    client = Client()
    sign_in(client, "hanne", PASSWORD)
    form = {"password": LOCAL_PASSWORD, "password_confirmation": LOCAL_PASSWORD, "current_password": PASSWORD}
    client.post("/accounts/password/", form)
    assert _refused("hanne", LOCAL_PASSWORD)


def test_a_local_password_is_not_shown_to_the_directory(ldap_site: Slapd, alice: User) -> None:
    bound: list[str] = []
    ldap_site.add_user("alice")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("accounts.ldap.directory.Directory.has_password", lambda *given: bound.append("password"))
        assert _refused("alice", "mistyped")
        assert not _refused("alice", LOCAL_PASSWORD)
    assert bound == []


def test_a_user_whose_group_is_gone_loses_the_sessions_of_staff(ldap_site: Slapd, settings: Any) -> None:
    settings.IM_LDAP_GROUP_MAP, settings.IM_STAFF_SECOND_FACTOR = f"cn=ops,{GROUPS}:superuser", False
    User.objects.create_superuser("root", LOCAL_PASSWORD)
    hanne = ldap_site.add_user("hanne")
    ops = ldap_site.add_group("ops", hanne)
    old = Client()
    sign_in(old, "hanne", PASSWORD)
    assert old.get("/admin/").status_code == 200
    ldap_site.change(ops, member=[f"cn=nobody,{GROUPS}"])
    sign_in(Client(), "hanne", PASSWORD)
    assert old.get("/admin/").status_code == 302


@pytest.mark.parametrize("group", [f"cn=ops,ou=other,{PEOPLE}", "cn=ops", f"cn=ops+cn=x,{GROUPS}", f"cn=opsx,{GROUPS}"])
def test_a_group_of_another_place_gives_no_role(ldap_site: Slapd, settings: Any, group: str) -> None:
    settings.IM_LDAP_GROUP_MAP = f"{group}:superuser"
    ldap_site.add_group("ops", ldap_site.add_user("hanne"))
    sign_in(Client(), "hanne", PASSWORD)
    assert not User.objects.get().is_superuser


def test_guesses_count_once_for_all_spellings(ldap_site: Slapd, settings: Any) -> None:
    settings.AXES_FAILURE_LIMIT = 100
    ldap_site.add_user("hanne")
    for name in ("hanne", "HANNE", "Hanne", "ｈａｎｎｅ"):
        assert _refused(name, "wrong")
    (attempt,) = AccessAttempt.objects.all()
    assert attempt.failures_since_start == 4


def test_attempts_are_limited_before_the_directory_is_asked(ldap_site: Slapd, settings: Any) -> None:
    settings.AXES_FAILURE_LIMIT = 1
    ldap_site.add_user("hanne")
    _refused("hanne", "wrong")
    ldap_site.kill()
    assert sign_in(Client(), "hanne", PASSWORD) == 429


def _authenticated(username: str, password: str) -> object:
    """Return the user for whom the backend lets the password pass, past the forms that strip and refuse some texts."""
    request = RequestFactory().post("/accounts/login/")
    try:
        return LdapBackend().authenticate(request, username=username, password=password)
    except PermissionDenied:
        return None


def test_the_backend_is_among_those_that_are_asked(ldap_site: Slapd) -> None:
    ldap_site.add_user("hanne")
    request = RequestFactory().post("/accounts/login/")
    assert authenticate(request, username="hanne", password=PASSWORD) == User.objects.get()
