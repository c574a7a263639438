"""Users of an LDAP directory sign in with its name and password."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlencode

import pytest
from axes.models import AccessAttempt
from django.contrib.auth import SESSION_KEY
from django.contrib.auth.models import Group
from django.core import mail
from django.test import Client

from accounts.actions import user_deactivate
from accounts.ldap import directory
from accounts.mail import wait_until_sent
from accounts.models import User
from tests.support.account_pages import sign_in
from tests.support.fixtures.users import PASSWORD as LOCAL_PASSWORD
from tests.support.slapd import GROUPS, PASSWORD, Slapd

pytestmark = pytest.mark.django_db
WRONG = "Incorrect username or password"
AWAY = "Passwords of your organization cannot be checked"


def _page(username: str, password: str = PASSWORD, client: Client | None = None) -> str:
    """Return the page that the sign-in form answers with; empty after a sign-in."""
    response = (client or Client()).post("/accounts/login/", {"username": username, "password": password})
    return "" if response.status_code == 302 else response.content.decode()


def test_the_first_sign_in_creates_the_account(ldap_site: Slapd) -> None:
    ldap_site.add_user("hanne", cn="Hanne Darboven", mail="Hanne@example.org")

    client = Client()
    assert sign_in(client, "hanne", PASSWORD) == 302

    user = User.objects.get(username="hanne")
    assert client.session[SESSION_KEY] == str(user.pk)
    assert (user.nickname, user.email, user.kind, user.is_staff) == (
        "Hanne Darboven", "hanne@example.org", "person", False,
    )  # fmt: skip
    assert not user.has_usable_password()


@pytest.mark.parametrize("name", ["HANNE", "Hanne", "ｈａｎｎｅ"])
def test_another_spelling_is_the_same_account(ldap_site: Slapd, name: str) -> None:
    ldap_site.add_user("hanne")
    assert sign_in(Client(), "hanne", PASSWORD) == 302
    assert sign_in(Client(), name, PASSWORD) == 302
    assert User.objects.count() == 1


def test_a_first_sign_in_in_capitals_gives_the_name_of_the_directory(ldap_site: Slapd) -> None:
    ldap_site.add_user("hanne")
    assert sign_in(Client(), "HANNE", PASSWORD) == 302
    assert User.objects.get().username == "hanne"


def test_a_wrong_password_is_refused_and_counts_towards_the_lock(ldap_site: Slapd, settings: Any) -> None:
    settings.AXES_FAILURE_LIMIT = 3
    ldap_site.add_user("hanne")
    for name in ("hanne", "HANNE"):
        assert WRONG in _page(name, "wrong")
    assert Client().post("/accounts/login/", {"username": "hanne", "password": "wrong"}).status_code == 429
    assert sign_in(Client(), "hanne", PASSWORD) == 429
    assert not User.objects.exists()


def test_names_and_wrong_passwords_are_answered_alike(ldap_site: Slapd, alice: User) -> None:
    ldap_site.add_user("hanne")
    ldap_site.add_user("olaf")
    sign_in(Client(), "olaf", PASSWORD)
    ldap_site.add_user("nopassword", password=None)
    for name in ("alice", "hanne", "olaf", "nopassword", "nobody"):
        assert WRONG in _page(name, "wrong")


def test_a_local_account_is_never_the_one_of_the_directory(ldap_site: Slapd, alice: User) -> None:
    ldap_site.add_user("alice")
    assert WRONG in _page("alice", PASSWORD)
    assert sign_in(Client(), "alice", LOCAL_PASSWORD) == 302


def test_local_accounts_sign_in_while_the_directory_is_away(ldap_site: Slapd, alice: User) -> None:
    ldap_site.add_user("hanne")
    ldap_site.kill()
    assert sign_in(Client(), "alice", LOCAL_PASSWORD) == 302
    assert WRONG in _page("alice", "wrong")
    assert AWAY in _page("hanne")
    assert [attempt.username for attempt in AccessAttempt.objects.all()] == ["alice"], "an outage locks nobody out"


def test_users_sign_in_again_after_an_outage(ldap_site: Slapd, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(directory, "PAUSE_SECONDS", 600.0)
    ldap_site.add_user("hanne")
    ldap_site.kill()
    assert AWAY in _page("hanne")
    ldap_site.start()
    assert AWAY in _page("hanne"), "no further connection is tried for some seconds"
    monkeypatch.setattr(directory, "_paused_until", 0.0)
    assert sign_in(Client(), "hanne", PASSWORD) == 302


def test_a_directory_that_hangs_is_given_up(ldap_site: Slapd, settings: Any) -> None:
    settings.IM_LDAP_TIMEOUT = 0.5
    ldap_site.add_user("hanne")
    ldap_site.freeze()
    try:
        assert AWAY in _page("hanne")
    finally:
        ldap_site.thaw()


def test_another_directory_is_asked_if_the_first_is_away(ldap_site: Slapd, settings: Any) -> None:
    settings.IM_LDAP_URI = f"ldaps://127.0.0.1:1 {ldap_site.uri}"
    ldap_site.add_user("hanne")
    assert sign_in(Client(), "hanne", PASSWORD) == 302


def test_start_tls_encrypts(ldap_site: Slapd, settings: Any) -> None:
    settings.IM_LDAP_URI, settings.IM_LDAP_START_TLS = ldap_site.plain_uri, True
    ldap_site.add_user("hanne")
    assert sign_in(Client(), "hanne", PASSWORD) == 302


@pytest.mark.parametrize("starts_tls", [False, True])
def test_a_certificate_of_another_authority_is_refused(ldap_site: Slapd, settings: Any, starts_tls: bool) -> None:
    settings.IM_LDAP_CA = ""
    if starts_tls:
        settings.IM_LDAP_URI, settings.IM_LDAP_START_TLS = ldap_site.plain_uri, True
    ldap_site.add_user("hanne")
    assert AWAY in _page("hanne")


def test_a_wrong_password_of_the_site_is_no_wrong_password_of_the_user(ldap_site: Slapd, settings: Any) -> None:
    settings.IM_LDAP_BIND_PASSWORD = "another"
    ldap_site.add_user("hanne")
    assert AWAY in _page("hanne")
    assert not AccessAttempt.objects.exists()


def test_an_anonymous_search_is_possible(ldap_site: Slapd, settings: Any) -> None:
    settings.IM_LDAP_BIND_DN = settings.IM_LDAP_BIND_PASSWORD = ""
    ldap_site.add_user("hanne")
    assert AWAY in _page("hanne") or WRONG in _page("hanne"), "this directory shows nothing to strangers"


def test_changes_in_the_directory_arrive_with_the_next_sign_in(ldap_site: Slapd) -> None:
    dn = ldap_site.add_user("hanne", mail="hanne@example.org")
    sign_in(Client(), "hanne", PASSWORD)
    User.objects.update(nickname="H.")
    ldap_site.change(dn, mail="darboven@example.org")

    sign_in(Client(), "hanne", PASSWORD)
    user = User.objects.get()
    assert (user.email, user.nickname) == ("darboven@example.org", "H."), "a name chosen here stays"

    ldap_site.change(dn, cn="Hanne D.")
    sign_in(Client(), "hanne", PASSWORD)
    assert User.objects.get().nickname == "Hanne D."


def test_an_address_that_another_user_has_is_left_out(ldap_site: Slapd, alice: User) -> None:
    User.objects.update(email="both@example.org")
    dn = ldap_site.add_user("hanne", mail="both@example.org")
    assert sign_in(Client(), "hanne", PASSWORD) == 302
    assert User.objects.get(username="hanne").email is None
    ldap_site.change(dn, mail="both@Example.org")
    assert sign_in(Client(), "hanne", PASSWORD) == 302


def test_a_new_name_in_the_directory_keeps_the_account(ldap_site: Slapd) -> None:
    dn = ldap_site.add_user("hanne")
    sign_in(Client(), "hanne", PASSWORD)
    ldap_site.rename(dn, "darboven")
    for name in ("hanne", "darboven"):
        assert sign_in(Client(), name, PASSWORD) == 302
    assert User.objects.get().username == "hanne"


def test_the_successor_of_a_name_does_not_inherit_the_account(ldap_site: Slapd) -> None:
    dn = ldap_site.add_user("hanne")
    sign_in(Client(), "hanne", PASSWORD)
    ldap_site.remove(dn)
    ldap_site.add_user("hanne", password="another password")
    assert WRONG in _page("hanne", "another password")


def test_users_need_a_required_group(ldap_site: Slapd, settings: Any) -> None:
    member, _ = ldap_site.add_user("hanne"), ldap_site.add_user("olaf")
    settings.IM_LDAP_REQUIRE_GROUP = f"CN=Chat, {GROUPS.upper()}; cn=absent,{GROUPS}"
    ldap_site.add_group("chat", member)
    assert sign_in(Client(), "hanne", PASSWORD) == 302
    assert "Your organization does not let you use this site" in _page("olaf")
    assert WRONG in _page("olaf", "wrong")


@pytest.mark.parametrize("base", [GROUPS, ""])
def test_groups_give_and_take_roles(ldap_site: Slapd, settings: Any, base: str) -> None:
    settings.IM_LDAP_GROUP_BASE, settings.IM_STAFF_SECOND_FACTOR = base, False
    settings.IM_LDAP_GROUP_MAP = f"cn=ops,{GROUPS}:staff; cn=ops,{GROUPS}:moderator; cn=root,{GROUPS}:superuser"
    hanne, olaf = ldap_site.add_user("hanne"), ldap_site.add_user("olaf")
    ops = ldap_site.add_group("ops", hanne, olaf)
    for name in ("hanne", "olaf"):
        sign_in(Client(), name, PASSWORD)
    user = User.objects.get(username="hanne")
    user.groups.add(Group.objects.get(name="auditor"))
    assert user.is_staff and not user.is_superuser
    assert {group.name for group in user.groups.all()} == {"moderator", "auditor"}

    ldap_site.change(ops, member=[olaf])
    sign_in(Client(), "hanne", PASSWORD)
    user = User.objects.get(username="hanne")
    assert not user.is_staff and {group.name for group in user.groups.all()} == {"auditor"}


def test_accounts_are_not_created_if_the_site_does_not_want_it(ldap_site: Slapd, settings: Any) -> None:
    settings.IM_LDAP_CREATE_USERS = False
    ldap_site.add_user("hanne")
    assert "You have no account here" in _page("hanne")
    assert WRONG in _page("hanne", "wrong")


def test_a_reserved_name_gets_no_account(ldap_site: Slapd) -> None:
    ldap_site.add_user("admin")
    assert "reserved" in _page("admin")


def test_a_deactivated_account_stays_so(ldap_site: Slapd) -> None:
    ldap_site.add_user("hanne")
    sign_in(Client(), "hanne", PASSWORD)
    user_deactivate(user_id=User.objects.get().pk)
    assert WRONG in _page("hanne")


def test_a_second_factor_is_asked_for(ldap_site: Slapd) -> None:
    ldap_site.add_user("hanne")
    sign_in(Client(), "hanne", PASSWORD)
    User.objects.update(has_second_factor=True)
    client = Client()
    response = client.post("/accounts/login/", {"username": "hanne", "password": PASSWORD})
    assert response["Location"] == "/accounts/second-step/" and SESSION_KEY not in client.session


def test_a_form_that_asks_again_takes_the_password_of_the_directory(ldap_site: Slapd) -> None:
    ldap_site.add_user("hanne")
    client = Client()
    sign_in(client, "hanne", PASSWORD)
    assert client.post("/accounts/confirm/", {"current_password": "wrong"}).status_code == 200
    assert client.post("/accounts/confirm/", {"current_password": PASSWORD}).status_code == 302
    ldap_site.kill()
    assert AWAY in client.post("/accounts/confirm/", {"current_password": PASSWORD}).content.decode()


def test_the_password_page_says_where_the_password_is_changed(ldap_site: Slapd, settings: Any) -> None:
    settings.IM_LDAP_PASSWORD_URL = "https://passwords.example.org/"
    ldap_site.add_user("hanne")
    client = Client()
    sign_in(client, "hanne", PASSWORD)
    page = client.get("/accounts/password/").content.decode()
    assert 'href="https://passwords.example.org/"' in page and "<form" not in page
    client.post("/accounts/password/", {"password": LOCAL_PASSWORD, "password_confirmation": LOCAL_PASSWORD})
    assert not User.objects.get().has_usable_password()
    assert "The one of your organization" in client.get("/accounts/sign-in-methods/").content.decode()


def test_a_reset_mail_has_no_link(ldap_site: Slapd, settings: Any) -> None:
    settings.IM_LDAP_PASSWORD_URL = "https://passwords.example.org/"
    ldap_site.add_user("hanne", mail="hanne@example.org")
    sign_in(Client(), "hanne", PASSWORD)
    Client().post("/accounts/reset/", {"email": "hanne@example.org"})
    wait_until_sent()
    (message,) = mail.outbox
    assert "password of your organization" in message.body and "https://passwords.example.org/" in message.body
    assert "/accounts/reset/" not in message.body


def test_a_client_of_the_protobuf_protocol_signs_in(ldap_site: Slapd) -> None:
    ldap_site.add_user("hanne")
    sign_in(Client(), "hanne", PASSWORD)
    User.objects.update(phone_number="555-1")
    assert _logged_in(PASSWORD)["token"]
    assert _logged_in("wrong") == {}
    ldap_site.kill()
    assert _logged_in(PASSWORD) == {}


def _logged_in(password: str) -> dict[str, str]:
    """Return what a client of the protobuf protocol gets for Hanne's number and this password."""
    form = urlencode({"phone_number": "555-1", "password": password})
    answer = Client().post("/login", form, "application/x-www-form-urlencoded").json()
    assert answer["code"] == (200 if answer["data"] else -1)
    return dict(answer["data"])


def test_an_account_without_the_setting_has_no_password(ldap_site: Slapd, settings: Any) -> None:
    ldap_site.add_user("hanne")
    sign_in(Client(), "hanne", PASSWORD)
    settings.IM_LDAP_URI = ""
    settings.AUTHENTICATION_BACKENDS = [name for name in settings.AUTHENTICATION_BACKENDS if "ldap" not in name]
    assert not User.objects.get().has_password
    assert WRONG in _page("hanne")


def test_several_matches_sign_nobody_in(ldap_site: Slapd, settings: Any) -> None:
    settings.IM_LDAP_USER_FILTER = "(|(uid={username})(cn={username}))"
    ldap_site.add_user("hanne")
    ldap_site.add_user("olaf", cn="hanne")
    assert WRONG in _page("hanne")


def test_a_user_signs_in_by_address_if_the_filter_allows_it(ldap_site: Slapd, settings: Any) -> None:
    settings.IM_LDAP_USER_FILTER = "(|(uid={username})(mail={username}))"
    ldap_site.add_user("hanne", mail="hanne@example.org")
    assert sign_in(Client(), "hanne@example.org", PASSWORD) == 302
    assert User.objects.get().username == "hanne"
