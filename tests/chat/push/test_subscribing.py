"""A browser that two users subscribe at once. The order of their transactions is forced."""

from __future__ import annotations

import pytest

from accounts.actions.devices import device_create
from accounts.credentials import session_credential
from accounts.models import Device, User
from chat.models import PushSubscription
from chat.push.actions import BrowserKeys, Choices, push_subscribe
from tests.support.in_process import create_users
from tests.support.push_service import PushBrowser, base64url
from tests.support.sessions import browser_session
from tests.support.transactions import OpenTransaction, in_thread, wait_until_waiting
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = [pytest.mark.django_db(transaction=True), pytest.mark.postgres]


def test_the_later_of_two_users_at_once_has_the_browser(transactional_db: None) -> None:
    browser = PushBrowser("https://push.example.org/a")
    keys = BrowserKeys(browser.url, browser.p256dh, base64url(browser.auth))
    choices = Choices(direct=True, mentions=True, threads=True, everything=False, shows_text=True)

    def subscribe(user: User, credential: str) -> PushSubscription:
        return push_subscribe(user=user, credential=credential, browser=keys, choices=choices)

    def signed_in(user: User) -> str:
        session_key = browser_session(user)
        credential = session_credential(session_key)
        device_create(user=user, kind=Device.Kind.BROWSER, credential=credential, session_key=session_key)
        return credential

    alice, bob = create_users("alice", "bob")
    of_alice, of_bob = signed_in(alice), signed_in(bob)
    with OpenTransaction(lambda: subscribe(alice, of_alice)) as held:
        later = in_thread(lambda: subscribe(bob, of_bob))
        wait_until_waiting()
        held.commit()
        assert later.result(TIMEOUT_SECONDS) == PushSubscription.objects.get()
    assert PushSubscription.objects.get().user == bob
