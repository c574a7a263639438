"""Polling connections end like WebSockets: with the same limits and close codes, and when their client is gone."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest

from accounts.actions import token_issue, token_revoke
from accounts.models import User
from chat.models import Channel
from chat.node import lifecycle
from chat.polling import calls
from chat.polling.connection_ids import create_id
from delivery.db.executors import run
from delivery.metrics import POLLING_CONNECTIONS
from delivery.rate_limits.declared import reset_limits
from imsite.server.polling import Polling
from tests.support.asgi_calls import Request, ask
from tests.support.in_process import LocalNode
from tests.support.polling import PollingCaller, PollingSocket, Post
from tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

PING = {"seq": "1", "cmd": "ping"}
UNKNOWN = (404, {"reason": "unknown_connection"})


def polling_connections() -> float:
    """Return the metric."""
    [metric] = POLLING_CONNECTIONS.collect()
    return metric.samples[0].value


async def test_a_revocation_ends_the_waiting_poll(node: LocalNode, caller: PollingCaller, alice: User) -> None:
    token = await run(lambda: token_issue(user=alice))
    answer = await caller.log_in(token)
    [connection] = node.hub.connections.values()
    poll = asyncio.ensure_future(caller.poll(answer["last"]))
    await asyncio.sleep(0)
    await run(lambda: token_revoke(user_id=alice.pk, credential=connection.credential))
    _, body = await poll
    assert (body["code"], body["closeReason"]) == (4001, "signed out")
    await wait_until(lambda: not node.hub.connections)
    # A client whose answer was lost asks again. Its frames are not handled any more.
    assert await caller.poll(body["last"]) == (200, body | {"frames": []})
    assert (await caller.send(2, PING))[0] == 200
    assert await caller.poll(body["last"]) == (200, body | {"frames": []})


async def test_a_draining_node_ends_polls_and_refuses_connections(node: LocalNode, caller: PollingCaller) -> None:
    poll = asyncio.ensure_future(caller.poll())
    await asyncio.sleep(0)
    await lifecycle.drain_node(5.0)
    _, body = await poll
    assert body["code"] == 1012 and body["closeReason"].startswith("retry in ")
    caller.connection = "new"
    assert (await caller.open())[0] == 503


async def test_connections_count_for_the_limit_of_their_address(node: LocalNode, post: Post, settings: Any) -> None:
    settings.IM_MAX_CONNECTIONS_PER_ADDRESS = 2
    callers = [PollingCaller(post) for _ in range(3)]
    assert [(await caller.open())[0] for caller in callers] == [200, 200, 503]
    assert await callers[0].call("close") == (200, {})
    await wait_until(lambda: node.node.connection_limiter.total == 1)
    assert (await callers[2].open())[0] == 200


async def test_refusals_say_when_to_try_again(node: LocalNode, application: Polling, settings: Any) -> None:
    settings.IM_CONNECTION_RATE, settings.IM_CONNECTION_BURST = 0.01, 1
    settings.IM_REQUEST_RATE, settings.IM_REQUEST_BURST = 0.01, 2
    reset_limits()

    async def call(action: str, connection: str) -> tuple[int, int, dict[str, Any]]:
        headers = {"Content-Type": "application/json", "X-Polling-Connection": connection}
        answer = await ask(application, Request(f"/acc/polling/{action}", "POST", b'{"after": 0}', headers))
        seconds = dict(answer.headers).get(b"retry-after")
        return answer.status, int(seconds or 0), json.loads(answer.body)

    try:
        status, seconds, opened = await call("open", "new")
        assert (status, seconds) == (200, 0)
        status, seconds, body = await call("open", "new")
        assert status == 429 and body["reason"] == "refused"
        assert 90 < seconds == body["retryAfter"] <= 100
        for _ in range(2):
            await call("send", opened["connection"])
        status, seconds, body = await call("send", opened["connection"])
        assert status == 429 and body["reason"] == "rate_limited"
        assert 190 < body["retryAfter"] <= seconds <= 200, "a refused call costs as much as another one"
    finally:
        reset_limits()


async def test_unknown_connections_count_for_the_address_and_are_then_not_forwarded(
    node: LocalNode, caller: PollingCaller, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings.IM_ANONYMOUS_RATE, settings.IM_ANONYMOUS_BURST = 0.001, 3
    reset_limits()
    forwarded: list[str] = []

    async def forward(node_id: str, *call: Any) -> None:
        forwarded.append(node_id)

    monkeypatch.setattr(node.node, "forward_poll", forward)
    real, former = caller.connection, create_id("another node")
    try:
        for connection in (former, "invented", former):
            caller.connection = connection
            assert await caller.poll() == (404, {"reason": "unknown_connection"})
        for connection in (former, "invented"):
            caller.connection = connection
            status, body = await caller.poll()
            assert (status, body["reason"]) == (429, "rate_limited") and body["retryAfter"] > 0
        assert forwarded == ["another node"] * 2
        caller.connection = real
        assert (await caller.call("close"))[0] == 200, "real connections are served"
    finally:
        reset_limits()


async def test_a_connection_that_a_full_node_refuses_does_not_count_for_the_rate(
    node: LocalNode, post: Post, settings: Any
) -> None:
    """A proxy tries it on the next node, where it counts."""
    settings.IM_MAX_CONNECTIONS_PER_ADDRESS = 1
    settings.IM_CONNECTION_RATE, settings.IM_CONNECTION_BURST = 0.001, 2
    reset_limits()
    try:
        callers = [PollingCaller(post) for _ in range(5)]
        assert [(await caller.open())[0] for caller in callers[:4]] == [200, 503, 503, 503]
        settings.IM_MAX_CONNECTIONS_PER_ADDRESS = 5
        assert [(await caller.open())[0] for caller in (*callers[1:3], callers[4])] == [200, 429, 429]
        assert node.node.connection_limiter.total == 2, "a connection beyond the rate takes no place"
    finally:
        reset_limits()


async def test_a_client_that_polls_no_more_is_gone(
    node: LocalNode, caller: PollingCaller, alice: User, settings: Any
) -> None:
    settings.IM_POLLING_TIMEOUT = 0.05
    [connection] = node.hub.connections.values()
    await caller.log_in(await run(lambda: token_issue(user=alice)))
    await wait_until(lambda: not node.hub.connections)
    assert connection.user_id == alice.pk
    assert await caller.poll(1) == UNKNOWN


async def test_a_waiting_poll_keeps_the_connection(caller: PollingCaller, settings: Any) -> None:
    settings.IM_POLLING_TIMEOUT, settings.IM_POLLING_WAIT = 0.01, 0.1
    assert await caller.poll() == (200, {"frames": [], "last": 0})


async def test_a_flood_of_calls_ends_the_connection(node: LocalNode, post: Post, settings: Any) -> None:
    settings.IM_REQUEST_RATE, settings.IM_REQUEST_BURST = 0.001, 3
    caller = PollingCaller(post)
    await caller.open()
    statuses = [(await caller.call("send", {"first": 1, "frames": []}))[0] for _ in range(8)]
    assert statuses == [200] * 3 + [429] * 5
    await wait_until(lambda: not node.hub.connections)
    assert node.node.connection_limiter.total == 0


async def test_a_flood_of_frames_ends_the_connection(node: LocalNode, post: Post, settings: Any) -> None:
    settings.IM_REQUEST_RATE, settings.IM_REQUEST_BURST = 0.001, 5
    caller = PollingCaller(post)
    await caller.open()
    await caller.send(1, *[PING] * 12)
    await wait_until(lambda: not node.hub.connections)
    _, body = await caller.poll()
    assert body["code"] == 4029


async def test_a_client_that_takes_nothing_is_cut(
    node: LocalNode, caller: PollingCaller, alice: User, trio: Channel, settings: Any
) -> None:
    settings.IM_OUTBOX_MAX_BYTES = 20_000
    bob = await node.connect(await User.objects.aget(username="bob"))
    slow = PollingCaller(caller.post)
    await slow.open()
    await slow.log_in(await run(lambda: token_issue(user=alice)))
    for _ in range(30):
        await bob.say(trio, "x" * 2000)
    await wait_until(lambda: not node.hub.connections_of(alice.pk))
    frames, last, code = 0, 1, 0
    while not code:
        _, body = await slow.poll(last)
        frames, last, code = frames + sum(map(len, body["frames"])), body["last"], body.get("code", 0)
    assert code == 4008 and frames <= 20_000


async def test_the_answer_to_a_poll_is_limited(node: LocalNode, caller: PollingCaller, monkeypatch: Any) -> None:
    monkeypatch.setattr("chat.polling.connection.MAX_ANSWER_BYTES", 100)
    [connection] = node.hub.connections.values()
    await caller.send(1, *[PING] * 3)
    await wait_until(lambda: connection._last_number == 3 and connection.has_sent_everything)
    sizes, last = [], 0
    while last < 3:
        _, body = await caller.poll(last)
        sizes.append(len(body["frames"]))
        last = body["last"]
    assert sizes == [1, 1, 1]


async def test_many_tabs_of_a_browser_poll_shortly(node: LocalNode, post: Post, monkeypatch: Any) -> None:
    monkeypatch.setattr(calls, "SHORT_WAIT_SECONDS", 0.01)
    tabs = [PollingCaller(post, Cookie="sessionid=alice", Origin="http://testserver") for _ in range(4)]
    for tab in tabs:
        await tab.open()
    assert [await tab.poll() for tab in tabs] == [(200, {"frames": [], "last": 0})] * 4
    assert polling_connections() == 4
    await tabs[0].call("close")
    # The others wait long again: the poll is answered because something happens.
    poll = asyncio.ensure_future(tabs[1].poll())
    await tabs[1].send(1, PING)
    assert (await poll)[1]["last"] == 1
    assert polling_connections() == 3


async def test_few_ended_connections_are_kept(node: LocalNode, post: Post, settings: Any, monkeypatch: Any) -> None:
    monkeypatch.setattr(calls, "MAX_ENDED", 1)
    callers = [PollingCaller(post) for _ in range(2)]
    for caller in callers:
        await caller.open()
        await caller.send(1, "x" * 70_000)
    assert await callers[0].poll() == UNKNOWN
    assert (await callers[1].poll())[1]["code"] == 1009


async def test_a_client_may_leave_while_its_frames_wait_for_room(
    node: LocalNode, post: Post, alice: User, settings: Any
) -> None:
    settings.IM_OUTBOX_MAX_BYTES = 200
    socket = await PollingSocket.open(post)
    sending = asyncio.gather(*(socket.send('{"seq":"1","cmd":"ping"}') for _ in range(20)), return_exceptions=True)
    await wait_until(lambda: not node.hub.connections or not next(iter(node.hub.connections.values())).outbox.is_idle)
    await socket.close()
    await wait_until(lambda: not node.hub.connections)
    await sending
