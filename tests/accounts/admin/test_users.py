"""User administration: every write is an action, and no form field grants permissions."""

from __future__ import annotations

from contextlib import AbstractContextManager

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.actions import guest_create, service_create, token_issue, user_register, user_roles_set
from accounts.models import User
from accounts.selectors.users import user_by_session, user_by_token
from delivery.db.transactions import write
from tests.accounts.conftest import Revocations
from tests.support.fixtures.users import PASSWORD

ALL = {"credential": None, "except": None}
LIST = "/admin/accounts/user/"


def _form(user: User, **changes: object) -> dict[str, object]:
    given = {"nickname": user.nickname, "phone_number": user.phone_number or "", "email": user.email or ""}
    return given | changes


def _act(client: Client, action: str, *users: User) -> str:
    """Select users, run an admin action and confirm it."""
    data = {"action": f"{action}_selected", "confirmed": action, "_selected_action": [user.pk for user in users]}
    return client.post(LIST, data, follow=True).content.decode()


def test_a_user_is_edited(as_root: Client, alice: User, revocations: Revocations) -> None:
    page = as_root.post(f"{LIST}{alice.pk}/change/", _form(alice, nickname="Alice W.", email="A@B.example"))
    assert page.status_code == 302
    alice.refresh_from_db()
    assert (alice.nickname, alice.nickname_key, alice.email) == ("Alice W.", "alice w.", "a@b.example")
    assert revocations(alice) == []


def test_username_kind_and_activity_cannot_be_edited(as_root: Client, alice: User) -> None:
    more = {"username": "eve", "username_key": "eve", "kind": "service", "is_active": "", "password": "x", "id": "1"}
    as_root.post(f"{LIST}{alice.pk}/change/", _form(alice, **more))
    before = alice.password
    alice.refresh_from_db()
    assert (alice.username, alice.username_key, alice.kind, alice.is_active) == ("alice", "alice", "person", True)
    assert alice.password == before


def test_a_name_with_invisible_characters_is_refused(as_root: Client, alice: User) -> None:
    response = as_root.post(f"{LIST}{alice.pk}/change/", _form(alice, nickname="Al\u202eice"))
    assert response.status_code == 200
    assert "invisible characters" in response.content.decode()


def test_an_email_of_another_user_is_refused(as_root: Client, alice: User) -> None:
    user_register(username="carol", password=PASSWORD, email="carol@example.org")
    response = as_root.post(f"{LIST}{alice.pk}/change/", _form(alice, email="CAROL@example.org"))
    assert response.status_code == 200
    assert "already exists" in response.content.decode()


def test_removing_staff_status_signs_the_user_out(as_root: Client, steve: User, revocations: Revocations) -> None:
    client = Client()
    client.post("/accounts/login/", {"username": "steve", "password": PASSWORD})
    assert client.get("/admin/").status_code == 200
    as_root.post(f"{LIST}{steve.pk}/change/", _form(steve))
    steve.refresh_from_db()
    assert not steve.is_staff
    assert not steve.user_permissions.exists()
    assert revocations(steve) == [ALL]
    assert client.get("/admin/").status_code == 302


def test_root_grants_roles(as_root: Client, alice: User, revocations: Revocations) -> None:
    group = Group.objects.create(name="Moderators")
    as_root.post(f"{LIST}{alice.pk}/change/", _form(alice, is_staff="on", groups=[group.pk]))
    alice.refresh_from_db()
    assert alice.is_staff
    assert list(alice.groups.all()) == [group]
    assert revocations(alice) == []


def test_steve_cannot_grant_roles(as_steve: Client, alice: User) -> None:
    group = Group.objects.create(name="Moderators")
    assert 'name="is_staff"' not in as_steve.get(f"{LIST}{alice.pk}/change/").content.decode()
    roles = {"is_staff": "on", "is_superuser": "on", "groups": [group.pk], "user_permissions": ["1"]}
    response = as_steve.post(f"{LIST}{alice.pk}/change/", _form(alice, nickname="Alice W.", **roles))
    assert response.status_code == 302
    alice.refresh_from_db()
    assert alice.nickname == "Alice W."
    assert not (alice.is_staff or alice.is_superuser)
    assert not alice.groups.exists()
    assert not alice.user_permissions.exists()


def test_steve_cannot_change_root_or_himself(as_steve: Client, root: User, steve: User, alice: User) -> None:
    for user in (root, steve):
        assert as_steve.post(f"{LIST}{user.pk}/change/", _form(user, is_superuser="on")).status_code == 403
        password = {"password1": "quite another", "password2": "quite another"}
        assert as_steve.post(f"{LIST}{user.pk}/password/", password).status_code == 403
    page = _act(as_steve, "deactivate", root, steve, alice)
    assert "Staff are managed by superusers only." in page
    assert set(User.objects.filter(is_active=False)) == {alice}
    assert User.objects.get(pk=root.pk).check_password(PASSWORD)
    assert as_steve.get("/admin/auth/group/").status_code == 403


def test_deactivating_closes_connections_and_activating_allows_sign_in(
    as_root: Client, alice: User, bob: User, revocations: Revocations
) -> None:
    token = token_issue(user=alice)
    assert "2 deactivated." in _act(as_root, "deactivate", alice, bob)
    assert user_by_token(token) is None
    assert revocations(alice) == revocations(bob) == [ALL]
    assert "1 activated." in _act(as_root, "activate", alice)
    assert user_by_token(token_issue(user=alice)) is not None


def test_signing_out_everywhere(as_root: Client, alice: User, browser: Client, revocations: Revocations) -> None:
    token, key = token_issue(user=alice), browser.session.session_key or ""
    assert "1 signed out everywhere." in _act(as_root, "sign_out", alice)
    assert user_by_token(token) is None
    assert user_by_session(key) is None
    assert revocations(alice) == [ALL]


def test_the_last_administrator_cannot_be_removed(as_root: Client, root: User) -> None:
    assert "last administrator" in _act(as_root, "deactivate", root)
    page = as_root.post(f"{LIST}{root.pk}/change/", _form(root), follow=True).content.decode()
    assert "last administrator" in page
    root.refresh_from_db()
    assert root.is_active
    assert root.is_staff
    assert root.is_superuser


def test_root_sets_alices_password(
    as_root: Client, root: User, alice: User, browser: Client, revocations: Revocations
) -> None:
    before, key = as_root.session.session_key or "", browser.session.session_key or ""
    password = {"password1": "quite another", "password2": "quite another"}
    assert as_root.post(f"{LIST}{alice.pk}/password/", password).status_code == 302
    alice.refresh_from_db()
    assert alice.check_password("quite another")
    assert revocations(alice) == [ALL]
    assert user_by_session(key) is None
    # Django gives root's own session a new key; connections opened with the old key still end with the session.
    after = as_root.session.session_key or ""
    assert after != before
    as_root.post("/admin/logout/")
    assert len(revocations(root)) == 2


def test_editing_a_user_does_not_disable_the_password(as_root: Client, alice: User) -> None:
    response = as_root.post(f"{LIST}{alice.pk}/password/", {"usable_password": "false", "unset-password": "1"})
    assert response.status_code == 200
    alice.refresh_from_db()
    assert alice.check_password(PASSWORD)


def test_an_account_is_created(as_root: Client) -> None:
    form = {"username": "Helpdesk", "nickname": "Help desk", "password1": PASSWORD, "password2": PASSWORD}
    response = as_root.post(f"{LIST}add/", form)
    made = User.objects.get(username_key="helpdesk")
    assert response["Location"] == f"{LIST}{made.pk}/change/"
    assert made.check_password(PASSWORD)
    assert not made.is_staff


@pytest.mark.parametrize(
    ("name", "text"), [("ＡＬＩＣＥ", "This name is taken."), ("al ice", "letters"), ("~alice", "letters")]
)
def test_an_account_with_a_bad_name_is_refused(as_root: Client, alice: User, name: str, text: str) -> None:
    form = {"username": name, "nickname": "Another", "password1": PASSWORD, "password2": PASSWORD}
    response = as_root.post(f"{LIST}add/", form)
    assert response.status_code == 200
    assert text in response.content.decode()


def test_a_name_taken_while_saving_shows_an_error(
    as_root: Client, alice: User, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("accounts.admin.name_fields.guest_name_taken", lambda name: False)
    form = {"username": "ＡＬＩＣＥ", "nickname": "Another", "password1": PASSWORD, "password2": PASSWORD}
    response = as_root.post(f"{LIST}add/", form, follow=True)
    assert response.status_code == 200
    assert "This name is taken." in response.content.decode()


def test_users_cannot_be_deleted(as_root: Client, alice: User) -> None:
    assert as_root.post(f"{LIST}{alice.pk}/delete/", {"post": "yes"}).status_code == 403
    _act(as_root, "delete", alice)
    assert User.objects.filter(pk=alice.pk).exists()


def test_a_script_in_a_name_is_escaped(as_root: Client, alice: User) -> None:
    guest = guest_create(name="<script>x")
    User.objects.filter(pk=alice.pk).update(nickname="<img src=x>")
    for path in (LIST, f"{LIST}{guest.pk}/change/", f"{LIST}{alice.pk}/change/", f"{LIST}{guest.pk}/history/"):
        page = as_root.get(path).content.decode()
        assert "<script>x" not in page
        assert "<img src=x>" not in page
    assert "&lt;img src=x&gt;" in as_root.get(LIST).content.decode()


def test_search_ignores_width_and_case(as_root: Client, alice: User, bob: User) -> None:
    page = as_root.get(LIST, {"q": "ＡＬＩ"}).content.decode()
    assert f"{LIST}{alice.pk}/change/" in page
    assert f"{LIST}{bob.pk}/change/" not in page
    assert as_root.get(LIST, {"q": "a\x00b"}).status_code == 200


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("page", ["add", "change"])
def test_a_form_waits_for_the_write_lock_outside_any_transaction(
    as_root: Client, alice: User, monkeypatch: pytest.MonkeyPatch, page: str
) -> None:
    """A form inside a transaction would hold SQLite's lock while it waits for a writer that needs that lock."""
    in_transaction: list[bool] = []

    def observed() -> AbstractContextManager[None]:
        in_transaction.append(connection.in_atomic_block)
        return write()

    monkeypatch.setattr("accounts.admin.base.write", observed)
    form = {"username": "carol", "nickname": "Carol", "password1": PASSWORD, "password2": PASSWORD}
    path, form = (f"{LIST}add/", form) if page == "add" else (f"{LIST}{alice.pk}/change/", _form(alice))
    assert as_root.post(path, form).status_code == 302
    assert in_transaction[0] is False


def test_steve_cannot_set_a_password_for_a_service_or_a_guest(as_steve: Client, as_root: Client) -> None:
    """With such a password Steve could sign in as a service that has more permissions than he has."""
    for user in (service_create(username="shop"), guest_create(name="Gus")):
        for client in (as_steve, as_root):
            given = {"password1": PASSWORD, "password2": PASSWORD}
            assert client.post(f"{LIST}{user.pk}/password/", given).status_code == 403
            assert client.post(f"{LIST}{user.pk}/change/", _form(user, email="steve@example.org")).status_code == 403
            assert client.get(f"{LIST}{user.pk}/change/").status_code == 200
        user.refresh_from_db()
        assert not user.has_usable_password() and user.email is None


def test_a_deleted_account_cannot_be_edited(as_root: Client, alice: User) -> None:
    User.objects.filter(pk=alice.pk).update(deleted_at=timezone.now(), is_active=False)
    assert as_root.post(f"{LIST}{alice.pk}/change/", _form(alice, nickname="Alice")).status_code == 403


def test_a_viewer_does_not_see_the_password_hash(root: User, alice: User) -> None:
    carol = user_register(username="carol", password=PASSWORD)
    rights = Permission.objects.filter(codename="view_user")
    user_roles_set(user_id=carol.pk, is_staff=True, is_superuser=False, permissions=rights)
    client = Client()
    client.force_login(User.objects.get(pk=carol.pk), backend="django.contrib.auth.backends.ModelBackend")
    html = client.get(f"{LIST}{alice.pk}/change/").content.decode()
    assert "alice" in html and "argon2" not in html and "algorithm" not in html
