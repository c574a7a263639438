"""Polling clients send and receive, lose answers, and make calls that are refused."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from accounts.actions import token_issue
from accounts.models import User
from chat.models import Channel, Message
from delivery.db.executors import run
from imsite.server.polling import MAX_BODY_BYTES, Polling
from tests.support.asgi_calls import Request, ask
from tests.support.in_process import LocalClient, LocalNode
from tests.support.polling import PollingCaller, PollingSocket, Post
from tests.support.waiting import wait_until

pytestmark = pytest.mark.django_db(transaction=True)

OWN_ORIGIN = {"Origin": "http://testserver"}
PING = {"seq": "1", "cmd": "ping"}


async def test_two_users_chat_of_whom_one_polls(node: LocalNode, post: Post, alice: User, trio: Channel) -> None:
    bob = await node.connect(await User.objects.aget(username="bob"))
    polling = LocalClient(await PollingSocket.open(post))  # type: ignore[arg-type]
    await polling.enter(alice)
    await polling.say(trio, "by HTTP")
    assert (await bob.push("msg")).data["msg"] == "by HTTP"
    await bob.say(trio, "by WebSocket")
    assert (await polling.push("msg")).data["msg"] == "by WebSocket"
    await polling.close()
    await wait_until(lambda: len(node.hub.connections) == 1)


async def test_a_lost_answer_comes_again(caller: PollingCaller) -> None:
    await caller.send(1, PING, PING)
    first = await caller.poll(0)
    assert first[1]["last"] > 0
    again = await caller.poll(0)
    assert again[1]["frames"][: first[1]["last"]] == first[1]["frames"]


async def test_frames_that_are_sent_again_are_handled_once(
    node: LocalNode, caller: PollingCaller, alice: User, trio: Channel
) -> None:
    await caller.log_in(await run(lambda: token_issue(user=alice)))
    sends = [{"seq": f"{n}", "cmd": "message.send", "data": {"target": str(trio.pk), "msg": f"{n}"}} for n in range(3)]
    assert await caller.send(2, *sends[:2]) == (200, {"last": 3})
    assert await caller.send(2, *sends) == (200, {"last": 4})
    assert await caller.send(2, *sends) == (200, {"last": 4})
    answered, after = 0, 1
    while answered < 3:
        _, body = await caller.poll(after)
        after = body["last"]
        answered += sum("message.send" in frame for frame in body["frames"])
    stored = await run(lambda: list(Message.objects.order_by("seq").values_list("text", flat=True)))
    assert stored == ["0", "1", "2"]


async def test_numbers_that_fit_to_nothing_are_refused(caller: PollingCaller) -> None:
    refused = (400, {"reason": "out_of_step"})
    assert await caller.poll(1) == refused
    assert await caller.poll(-1) == refused
    assert await caller.poll(10**30) == refused
    assert await caller.send(2, PING) == refused
    assert await caller.send(0, PING) == refused
    await caller.send(1, PING)
    _, body = await caller.poll()
    waiting = asyncio.ensure_future(caller.poll(body["last"]))
    await asyncio.sleep(0)
    assert await caller.poll(0) == refused
    waiting.cancel()


async def test_a_poll_without_output_ends_after_its_time(caller: PollingCaller, settings: Any) -> None:
    settings.IM_POLLING_WAIT = 0.01
    assert await caller.poll() == (200, {"frames": [], "last": 0})


async def test_of_two_polls_the_newer_one_is_answered(caller: PollingCaller) -> None:
    older = asyncio.ensure_future(caller.poll())
    await asyncio.sleep(0)
    newer = asyncio.ensure_future(caller.poll())
    assert await older == (409, {"reason": "superseded"})
    await caller.send(1, PING)
    assert (await newer)[1]["last"] == 1


async def test_output_is_collected_between_two_answers(node: LocalNode, caller: PollingCaller, settings: Any) -> None:
    settings.IM_POLLING_INTERVAL = 30.0
    [connection] = node.hub.connections.values()
    await caller.send(1, PING)
    assert (await caller.poll(0))[1]["last"] == 1
    poll = asyncio.ensure_future(caller.poll(1))
    await caller.send(2, PING)
    await caller.send(3, PING)
    await wait_until(lambda: connection._last_number == 3 and connection.has_sent_everything)
    # The end of the connection does not wait.
    await caller.send(4, "x" * 70_000)
    _, body = await poll
    assert (len(body["frames"]), body["code"]) == (2, 1009)


@pytest.mark.parametrize(
    ("headers", "reason"),
    [
        ({"Origin": "https://evil.example"}, "foreign_origin"),
        ({"Origin": "null"}, "foreign_origin"),
        ({"Origin": "https://testserver"}, "foreign_origin"),
        ({"Cookie": "sessionid=abc"}, "foreign_origin"),
        ({"Content-Type": "text/plain"}, "header_missing"),
        ({"Content-Type": "application/x-www-form-urlencoded"}, "header_missing"),
    ],
)
async def test_calls_of_other_sites_are_refused(caller: PollingCaller, headers: dict[str, str], reason: str) -> None:
    for action in ("poll", "send", "close"):
        assert await caller.call(action, **headers) == (403, {"reason": reason})
    caller.connection = "new"
    assert await caller.call("open", **headers) == (403, {"reason": reason})


async def test_a_call_needs_the_header_and_answers_no_preflight(application: Polling, node: LocalNode) -> None:
    json = {"Content-Type": "application/json"}
    for action in ("open", "poll", "send", "close"):
        path = f"/acc/polling/{action}"
        assert (await ask(application, Request(path, "POST", b"{}", json))).status == 403
        preflight = await ask(application, Request(path, "OPTIONS", headers={"Origin": "https://evil.example"}))
        assert preflight.status == 405
        assert not [name for name, _ in preflight.headers if name.startswith(b"access-control")]
    assert (await ask(application, Request("/acc/polling/other", "POST", b"{}", json))).status == 404
    assert (await ask(application, Request("/acc", "POST", b"{}", json))).status == 299


async def test_a_connection_is_unknown_to_other_sessions(node: LocalNode, post: Post) -> None:
    alice = PollingCaller(post, Cookie="sessionid=alice", **OWN_ORIGIN)
    assert (await alice.open())[0] == 200
    for cookie in ("sessionid=bob", "sessionid=", "other=alice"):
        thief = PollingCaller(post, Cookie=cookie, **OWN_ORIGIN)
        thief.connection = alice.connection
        for action in ("poll", "send", "close"):
            assert await thief.call(action) == (404, {"reason": "unknown_connection"})
    assert (await alice.send(1, PING))[0] == 200


async def test_forged_and_former_connections_are_unknown(caller: PollingCaller) -> None:
    unknown = (404, {"reason": "unknown_connection"})
    real = caller.connection
    assert await caller.call("close") == (200, {})
    for connection in (real, real[:-1], f"x{real}", "", ".", "a.b.c", real.replace(".", "..")):
        caller.connection = connection
        assert await caller.poll() == unknown


@pytest.mark.parametrize("body", ["x", [], {}, {"after": "1"}, {"after": None}, {"after": 1.5}])
async def test_bodies_of_another_form_are_refused(caller: PollingCaller, body: Any) -> None:
    assert await caller.call("poll", body or {"first": 1}) == (400, {"reason": "illegal_body"})
    assert await caller.call("send", body or {"frames": ["{}"]}) == (400, {"reason": "illegal_body"})


async def test_a_half_of_a_surrogate_pair_is_refused(caller: PollingCaller, post: Post) -> None:
    headers = {**caller.headers, "X-Polling-Connection": caller.connection}
    assert (await post("send", b'{"first": 1, "frames": ["\\ud800"]}', headers))[0] == 400
    assert (await post("send", b'{"first": 1, "frames": ["\xff"]}', headers))[0] == 400


@pytest.mark.parametrize("action", ["poll", "send"])
async def test_a_deeply_nested_body_is_refused(caller: PollingCaller, post: Post, action: str) -> None:
    headers = {**caller.headers, "X-Polling-Connection": caller.connection}
    nested = b'{"x": ' + b"[" * 200_000
    assert await post(action, nested, headers) == (400, {"reason": "illegal_body"})


async def test_too_large_bodies_are_refused(caller: PollingCaller) -> None:
    assert await caller.send(1, "x" * MAX_BODY_BYTES) == (413, {"reason": "too_large"})
