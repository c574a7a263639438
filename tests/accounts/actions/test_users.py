"""Users are created, changed, deactivated and activated."""

from __future__ import annotations

import threading
from collections.abc import Callable

import pytest
from django.contrib.auth.models import Group, Permission
from django.db import connection, transaction

from accounts.actions import (
    administrator_create,
    guest_create,
    system_user,
    token_issue,
    user_activate,
    user_deactivate,
    user_register,
    user_roles_set,
    user_update,
)
from accounts.actions.anonymization import user_mark_deleted
from accounts.errors import (
    AccountError,
    BadEmail,
    BadPassword,
    BadPhone,
    EmailTaken,
    NameTaken,
    NoSuchUser,
    PhoneTaken,
)
from accounts.models import User
from accounts.names import BadName, BadNickname
from accounts.selectors.users import user_by_token
from delivery.log import head
from tests.accounts.conftest import Revocations
from tests.support.fixtures.users import PASSWORD
from tests.support.transactions import wait_until_waiting
from tests.support.waiting import TIMEOUT_SECONDS

ALL = {"credential": None, "except": None}


def test_alice_registers(db: None) -> None:
    alice = user_register(username="Alice", password=PASSWORD, email="Alice@Example.ORG", phone_number="+49 170 1")
    alice.refresh_from_db()
    assert (alice.username, alice.nickname, alice.email) == ("Alice", "Alice", "alice@example.org")
    assert alice.kind == User.Kind.PERSON
    assert alice.check_password(PASSWORD)
    assert not (alice.is_staff or alice.is_superuser)


def test_a_name_of_another_width_or_case_is_taken(alice: User) -> None:
    for name in ("alice", "ALICE", "ａｌｉｃｅ", "Ａlice"):
        with pytest.raises(NameTaken):
            user_register(username=name, password=PASSWORD)


def test_a_refusal_inside_a_transaction_leaves_it_usable(alice: User) -> None:
    with transaction.atomic():
        with pytest.raises(NameTaken):
            user_register(username="alice", password=PASSWORD)
        assert User.objects.count() == 1


def test_phone_and_email_are_unique(db: None) -> None:
    user_register(username="alice", password=PASSWORD, email="a@example.org", phone_number="123")
    with pytest.raises(EmailTaken):
        user_register(username="bob", password=PASSWORD, email="A@EXAMPLE.org")
    with pytest.raises(PhoneTaken):
        user_register(username="bob", password=PASSWORD, phone_number="123")
    # Missing values do not collide.
    user_register(username="bob", password=PASSWORD, email="", phone_number="")
    user_register(username="carol", password=PASSWORD)


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"username": "ali\u202ece"}, BadName),
        ({"username": "~alice"}, BadName),
        ({"username": "admin"}, BadName),
        ({"nickname": "\u200b"}, BadNickname),
        ({"nickname": "x" * 65}, BadNickname),
        ({"phone_number": "1" * 21}, BadPhone),
        ({"phone_number": "1\x002"}, BadPhone),
        ({"email": "nobody"}, BadEmail),
        ({"email": "a\x00@example.org"}, BadEmail),
        ({"password": "ab"}, BadPassword),
        ({"password": "\ud800 and more"}, BadPassword),
    ],
)
def test_an_invalid_registration_is_refused_and_nothing_is_stored(
    db: None, fields: dict[str, str], error: type[AccountError]
) -> None:
    with pytest.raises(error) as refusal:
        user_register(**({"username": "alice", "password": PASSWORD} | fields))
    assert refusal.value.field == next(iter(fields))
    assert not User.objects.exists()


def _run_concurrently(count: int, work: Callable[[], object]) -> list[object]:
    """Run `work` in `count` threads that start together and return their results or errors."""
    barrier, outcomes = threading.Barrier(count), []

    def run() -> None:
        try:
            barrier.wait(TIMEOUT_SECONDS)
            outcomes.append(work())
        except Exception as error:
            outcomes.append(error)
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(TIMEOUT_SECONDS)
    return outcomes


@pytest.mark.django_db(transaction=True)
def test_concurrent_registrations_of_one_name_create_one_account() -> None:
    outcomes = _run_concurrently(4, lambda: user_register(username="alice", password=PASSWORD))
    assert sorted(type(outcome).__name__ for outcome in outcomes) == ["NameTaken", "NameTaken", "NameTaken", "User"]
    assert User.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_system_user_is_created_once() -> None:
    users = _run_concurrently(4, system_user)
    assert len({user.pk for user in users if isinstance(user, User)}) == 1
    assert User.objects.count() == 1
    assert system_user().kind == User.Kind.SERVICE


@pytest.mark.postgres
@pytest.mark.django_db(transaction=True)
def test_the_second_registration_waits_for_the_first_and_fails() -> None:
    inserted, answers = threading.Event(), []

    def second() -> None:
        inserted.wait(TIMEOUT_SECONDS)
        try:
            user_register(username="ALICE", password=PASSWORD)
        except NameTaken as refusal:
            answers.append(refusal)
        finally:
            connection.close()

    thread = threading.Thread(target=second)
    thread.start()
    with transaction.atomic():
        user_register(username="alice", password=PASSWORD)
        inserted.set()
        wait_until_waiting()
        assert not answers
    thread.join(TIMEOUT_SECONDS)
    assert len(answers) == 1
    assert User.objects.get().username == "alice"


def test_two_guests_with_one_name_are_two_users(db: None) -> None:
    first, second = guest_create(name="夏圭？"), guest_create(name="夏圭？")
    assert first.pk != second.pk
    assert first.public_name == second.public_name == "夏圭？"
    assert first.username.startswith("~")
    assert first.is_guest
    assert not first.has_usable_password()


def test_a_guest_cannot_take_an_accounts_name(alice: User) -> None:
    for name in ("alice", "ALICE", "ａｌｉｃｅ"):
        with pytest.raises(NameTaken):
            guest_create(name=name)
    user_deactivate(user_id=alice.pk)
    with pytest.raises(NameTaken):
        guest_create(name="Alice")


def test_a_guest_name_has_19_characters_at_most(db: None) -> None:
    assert guest_create(name="x" * 19)
    with pytest.raises(BadName):
        guest_create(name="x" * 20)


def test_the_first_administrator_can_be_named_admin(db: None) -> None:
    admin = administrator_create(username="admin", password=PASSWORD)
    assert admin.is_superuser
    assert admin.is_staff


def test_alice_edits_her_own_details(alice: User, bob: User) -> None:
    user_update(user_id=bob.pk, nickname="Bob", phone_number="1", email=None)
    edited = user_update(user_id=alice.pk, nickname="Ａlice W.", phone_number="", email="A@b.example")
    edited.refresh_from_db()
    assert (edited.nickname, edited.nickname_key) == ("Ａlice W.", "alice w.")
    assert (edited.phone_number, edited.email) == (None, "a@b.example")
    with pytest.raises(PhoneTaken):
        user_update(user_id=alice.pk, nickname="Alice", phone_number="1", email=None)
    with pytest.raises(BadNickname):
        user_update(user_id=alice.pk, nickname="<b>\u202e", phone_number=None, email=None)


def test_deactivating_alice_ends_her_sign_ins_and_none_of_bobs(
    alice: User, bob: User, revocations: Revocations
) -> None:
    token, bobs = token_issue(user=alice), token_issue(user=bob)
    user_deactivate(user_id=alice.pk)
    assert user_by_token(token) is None
    assert user_by_token(bobs) is not None
    assert revocations(alice) == [ALL]
    assert revocations(bob) == []
    with pytest.raises(NoSuchUser):
        token_issue(user=alice)

    user_activate(user_id=alice.pk)
    assert user_by_token(token) is None
    assert user_by_token(token_issue(user=alice)) is not None


def test_a_deleted_account_cannot_be_activated(alice: User) -> None:
    user_mark_deleted(user_id=alice.pk)
    with pytest.raises(NoSuchUser):
        user_activate(user_id=alice.pk)
    alice.refresh_from_db()
    assert not alice.is_active


def test_a_deactivation_that_is_rolled_back_revokes_nothing(alice: User, revocations: Revocations) -> None:
    with transaction.atomic():
        user_deactivate(user_id=alice.pk)
        transaction.set_rollback(True)
    assert revocations(alice) == []
    assert User.objects.get(pk=alice.pk).is_active


def test_removing_a_role_signs_out_and_adding_a_role_does_not(alice: User, revocations: Revocations) -> None:
    group = Group.objects.create(name="Moderators")
    permission = Permission.objects.filter(codename="view_user")
    user_roles_set(user_id=alice.pk, is_staff=True, is_superuser=False, groups=[group], permissions=permission)
    assert revocations(alice) == []
    user_roles_set(user_id=alice.pk, is_staff=True, is_superuser=False, permissions=permission)
    assert revocations(alice) == [ALL]
    user_roles_set(user_id=alice.pk, is_staff=False, is_superuser=False, permissions=permission)
    assert revocations(alice) == [ALL, ALL]
    alice.refresh_from_db()
    assert not alice.is_staff
    assert not alice.groups.exists()


@pytest.mark.parametrize("action", [user_deactivate, user_activate])
def test_an_unknown_user_cannot_be_changed(db: None, action: Callable[..., None]) -> None:
    before = head()
    with pytest.raises(NoSuchUser):
        action(user_id=12345)
    assert head() == before
