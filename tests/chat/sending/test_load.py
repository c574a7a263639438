"""A batch locks and reads its rows, and sees everything committed before its locks."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from typing import Any

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext

from accounts.actions import app_update, user_deactivate
from accounts.models import App, User
from chat.actions.member import member_leave, member_remove
from chat.errors import ChatError
from chat.models import Channel, Message, ReadMark
from chat.sending.drafts import Draft, StoredMessage
from chat.sending.writer import commit
from delivery.models import Event
from tests.support.in_process import create_global_channel, draft
from tests.support.restrictions import restrict, set_channel
from tests.support.transactions import OpenTransaction, in_thread, wait_until_waiting, waiting
from tests.support.waiting import TIMEOUT_SECONDS

pytestmark = pytest.mark.django_db(transaction=True)


def queries(drafts: list[Draft]) -> int:
    with CaptureQueriesContext(connection) as seen:
        assert all(isinstance(outcome, StoredMessage) for outcome in commit(drafts))
    return len(seen)


def test_restrictions_and_slow_mode_cost_other_batches_no_query(
    alice: User, bob: User, group: Channel, private: Channel
) -> None:
    usual = queries([draft(alice, group), draft(bob, group), draft(alice, private)])
    restrict(bob, alice, hours=-1, channel=group)
    set_channel(group, slow_mode=1)
    ReadMark.objects.update(last_sent_at=None)
    rare = queries([draft(alice, group), draft(bob, group), draft(alice, private)])
    assert rare == usual + 3, "restrictions, blocks, and when they last sent"
    set_channel(group, slow_mode=0)
    User.objects.update(is_restricted=False)
    assert queries([draft(alice, group), draft(bob, group), draft(alice, private)]) == usual


@pytest.mark.postgres
@pytest.mark.usefixtures("gap_free")
@pytest.mark.parametrize("change", ["leaves", "is removed", "is deactivated", "finds it closed"])
def test_bob_s_send_that_waits_for_a_change_is_decided_after_it(
    alice: User, bob: User, group: Channel, change: str
) -> None:
    def act() -> None:
        if change == "leaves":
            member_leave(user=bob, channel_id=group.pk)
        elif change == "is removed":
            member_remove(user=alice, channel_id=group.pk, name="bob")
        elif change == "is deactivated":
            user_deactivate(user_id=bob.pk)
        else:
            Channel.objects.filter(pk=group.pk).update(closed=True)

    with OpenTransaction(act) as held:
        sdisabling = in_thread(lambda: commit([draft(bob, group)]))
        wait_until_waiting()
        held.commit()
        (outcome,) = sdisabling.result(TIMEOUT_SECONDS)
    assert isinstance(outcome, ChatError)
    assert Message.objects.count() == 0


@pytest.mark.postgres
@pytest.mark.usefixtures("gap_free")
def test_an_app_is_not_disabled_between_the_load_of_a_batch_and_its_positions(alice: User) -> None:
    """The change of the app waits for the commit, so no message follows the event that disables it."""
    channel = create_global_channel(102)
    disabling: list[Future[App]] = []

    def disable_app(execute: Callable[..., Any], sql: str, *rest: Any) -> Any:
        if "INSERT" in sql and not disabling:
            disabling.append(in_thread(lambda: app_update(number=102, name="Over", guests_allowed=True, enabled=False)))
            while not disabling[0].done() and not in_thread(waiting).result(TIMEOUT_SECONDS):
                time.sleep(0.005)
        return execute(sql, *rest)

    with connection.execute_wrapper(disable_app):
        (stored,) = commit([draft(alice, channel)])
    assert isinstance(stored, StoredMessage)
    disabling[0].result(TIMEOUT_SECONDS)
    assert list(Event.objects.order_by("-position").values_list("kind", flat=True)[:2]) == ["revocation", "msg"]
    (refused,) = commit([draft(alice, channel)])
    assert isinstance(refused, ChatError)
