"""Every change that ends a right to log in is an event: it refuses a log-in that was looked up before the change."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import pytest
from django.contrib.auth.models import Permission

from accounts.actions import (
    administrator_create,
    app_update,
    external_tokens_revoke,
    external_user_deactivate,
    password_change,
    service_create,
    service_permissions_set,
    session_end,
    sign_out_everywhere,
    token_revoke,
    user_deactivate,
    user_mark_deleted,
    user_roles_set,
)
from accounts.actions.tokens import token_create
from accounts.credentials import service_credential, session_credential
from accounts.models import ExternalUser, User
from accounts.selectors.users import app_by_number, user_by_session, user_by_token
from chat.actions.account_deletion import account_delete
from chat.actions.moderation import user_ban
from delivery import log
from delivery.hub.audience import Audience
from delivery.hub.connection import Connection
from delivery.hub.outbox import Ticker
from tests.support.fixtures.users import PASSWORD
from tests.support.in_process import create_global_channel, create_users
from tests.support.sessions import browser_session

pytestmark = pytest.mark.django_db


@dataclass
class Rights:
    """Alice's token and browser session, the service whose external user she is, and the app that she logs in on."""

    alice: User
    shop: User
    token: str
    credential: str
    session: str

    def are_valid(self) -> tuple[bool, bool]:
        """Return whether Alice can log in with the token, and with the session."""
        has_app = app_by_number(101) is not None
        return has_app and user_by_token(self.token) is not None, has_app and user_by_session(self.session) is not None


CHANGES: dict[str, Callable[[Rights], object]] = {
    "token revoked": lambda rights: token_revoke(user_id=rights.alice.pk, credential=rights.credential),
    "tokens of a service revoked": lambda rights: external_tokens_revoke(service=rights.shop, external_id="1"),
    "deactivated by a service": lambda rights: external_user_deactivate(service=rights.shop, external_id="1"),
    "deactivated": lambda rights: user_deactivate(user_id=rights.alice.pk),
    "banned": lambda rights: user_ban(
        operator=administrator_create(username="root", password=PASSWORD), user_id=rights.alice.pk, reason="spam"
    ),
    "session ended": lambda rights: session_end(user_id=rights.alice.pk, session_key=rights.session),
    "signed out everywhere": lambda rights: sign_out_everywhere(user_id=rights.alice.pk),
    "password changed": lambda rights: password_change(user=rights.alice, new_password=PASSWORD + "2"),
    "password changed with the token kept": lambda rights: password_change(
        user=rights.alice, new_password=PASSWORD + "2", keep_credential=rights.credential
    ),
    "role lost": lambda rights: user_roles_set(user_id=rights.alice.pk, is_staff=False, is_superuser=False),
    "marked as deleted": lambda rights: user_mark_deleted(user_id=rights.alice.pk),
    "deleted": lambda rights: account_delete(user_id=rights.alice.pk),
    "app disabled": lambda rights: app_update(number=101, name="Web", guests_allowed=True, enabled=False),
}


@pytest.fixture
def rights() -> Rights:
    create_global_channel()
    (alice,) = create_users("alice")
    alice.set_password(PASSWORD)
    alice.is_staff = True
    alice.save()
    shop = service_create(username="shop")
    ExternalUser.objects.create(service=shop, external_id="1", user=alice)
    made = token_create(user=alice, created_by=shop)
    return Rights(alice, shop, made.token, made.device.credential, browser_session(alice))


def _closings(user: User, credential: str, changes: list[log.Entry]) -> list[int]:
    """Return the codes with which the connection of a log-in is closed when these events passed during its look-up."""
    closings: list[int] = []
    connection = Connection(
        codec="json", address="", ticker=Ticker(0.03), on_close=lambda code, reason: closings.append(code)
    )
    connection.user_id, connection.app, connection.credential = user.pk, 101, credential
    audience = Audience()
    with audience.record_changes() as recorded:
        for entry in changes:
            audience.record(entry)
    audience.register(connection, (), recorded)
    return closings


@pytest.mark.parametrize("change", CHANGES)
def test_a_change_that_ends_a_log_in_is_an_event_that_refuses_it(rights: Rights, change: str) -> None:
    assert rights.are_valid() == (True, True)
    before = log.head()
    if change.endswith("by a service") or "of a service" in change:
        User.objects.filter(pk=rights.alice.pk).update(is_staff=False)
    CHANGES[change](rights)
    changes = log.read(before, 1000)
    by_token, by_session = rights.are_valid()
    assert not (by_token and by_session)
    assert _closings(rights.alice, rights.credential, changes) == ([] if by_token else [4001])
    assert _closings(rights.alice, session_credential(rights.session), changes) == ([] if by_session else [4001])


def test_permissions_that_a_service_loses_end_its_log_in(rights: Rights) -> None:
    rights.shop.user_permissions.set([Permission.objects.get(codename="use_gateway")])
    made, before = token_create(user=rights.shop), log.head()
    service_permissions_set(service_id=rights.shop.pk, permissions=())
    assert _closings(rights.shop, made.device.credential, log.read(before, 1000)) == [4001]


def test_the_revocation_of_a_services_tokens_ends_its_widgets(rights: Rights) -> None:
    User.objects.filter(pk=rights.alice.pk).update(is_staff=False)
    before = log.head()
    external_tokens_revoke(service=rights.shop, external_id="1")
    changes = log.read(before, 1000)
    assert _closings(rights.alice, service_credential(rights.shop.pk), changes) == [4001]
    assert _closings(rights.alice, service_credential(rights.shop.pk + 1), changes) == []
