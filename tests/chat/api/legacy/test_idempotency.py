"""Legacy calls: a `msgID` is sent once."""

from __future__ import annotations

import json
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta

import pytest
from django.db import connections
from django.test import Client
from django.utils import timezone
from pytest_django.fixtures import Settings

from accounts.actions import guest_create
from accounts.models import App, User
from chat.models import Channel, Message
from delivery.models import Event, IdempotencyRecord
from tests.chat.api.conftest import Answer, Grant, LiveHub, post
from tests.chat.api.legacy.calls import GUEST, to_alice, to_web
from tests.support.both_ways import each_way

SENDS: dict[str, Callable[..., Answer]] = {"to a person": to_alice, "to an app": to_web}

each_send = pytest.mark.parametrize("send", SENDS.values(), ids=SENDS)

pytestmark = each_way


@each_send
@pytest.mark.parametrize("spelling", ["msgID", "msgId"])
def test_a_repeated_msg_id_is_not_delivered(
    send: Callable[..., Answer], spelling: str, program: Client, live_hub: LiveHub, alice: User, web: App
) -> None:
    screen = live_hub.log_in(alice, web)
    assert send(program, text="first")["data"] == {"sendResults": True}
    assert send(program, msg_id="", text="second", **{spelling: "m1"}) == {"code": 200, "msg": "Success", "data": {}}
    assert screen.texts == ["first"]


def test_a_msg_id_identifies_one_call_of_any_kind_and_target(
    program: Client, live_hub: LiveHub, alice: User, bob: User, web: App
) -> None:
    to_alice(program)
    seen = live_hub.log_in(bob, web)
    assert to_web(program)["data"] == {}
    assert to_alice(program, userID="bob")["data"] == {}
    assert to_alice(program, userID="nobody")["data"] == {}
    assert seen.messages == []
    assert Channel.objects.filter(kind=Channel.Kind.PRIVATE).count() == 1, "a repeat makes no channel either"


def test_a_guest_gets_a_repeated_msg_id_once(program: Client, live_hub: LiveHub, web: App) -> None:
    screen = live_hub.log_in(guest_create(name=GUEST), web)
    assert to_alice(program, userID=GUEST)["data"] == {"sendResults": True}
    assert to_alice(program, userID=GUEST)["data"] == {}
    assert screen.texts == ["hello"]


@pytest.mark.usefixtures("live_hub", "alice")
def test_two_callers_may_use_the_same_msg_id(program: Client, shop: User, grant: Grant) -> None:
    headers = {"Authorization": grant(shop, "use_gateway")}
    assert to_alice(program)["data"] != {}
    assert post(program, "/user/sendMessage", headers, userID="alice", msgID="m1", message="hello")["data"] != {}


@pytest.mark.usefixtures("live_hub", "alice")
def test_a_refused_call_leaves_its_msg_id_unused(program: Client) -> None:
    assert to_alice(program, text=" ")["code"] == 1001
    assert to_alice(program)["data"] == {"sendResults": False}


@each_send
@pytest.mark.usefixtures("live_hub", "alice")
def test_an_expired_msg_id_can_be_used_again(send: Callable[..., Answer], program: Client, settings: Settings) -> None:
    settings.IM_LEGACY_IDEMPOTENCY_HOURS = 12
    send(program)
    claimed = IdempotencyRecord.objects.get()
    assert timedelta(hours=11) < claimed.expires_at - timezone.now() <= timedelta(hours=12)
    IdempotencyRecord.objects.update(expires_at=timezone.now())
    assert send(program)["data"] != {}
    assert Message.objects.count() == 2


@pytest.mark.parametrize("name", ["alice", GUEST, None], ids=["to a person", "to a guest", "to an app"])
def test_the_same_call_twenty_times_at_once_is_sent_once(
    name: str | None, program: Client, live_hub: LiveHub, alice: User, bob: User, web: App
) -> None:
    screens = [live_hub.log_in(user, web) for user in (alice, bob, guest_create(name=GUEST))]

    def send(_: int) -> Answer:
        try:
            return to_web(Client(), "马远") if name is None else to_alice(Client(), userID=name)
        finally:
            connections.close_all()

    with ThreadPoolExecutor(20) as threads:
        answers = list(threads.map(send, range(20)))
    assert all(answer["code"] == 200 for answer in answers)
    assert sorted(json.dumps(answer["data"]) for answer in answers) == ['{"sendResults": true}'] + ["{}"] * 19
    counts = [len(screen.messages) for screen in screens]
    assert counts == {"alice": [1, 0, 0], GUEST: [0, 0, 1], None: [1, 1, 1]}[name]
    assert Message.objects.count() == Event.objects.filter(kind="msg").count() == (0 if name == GUEST else 1)
