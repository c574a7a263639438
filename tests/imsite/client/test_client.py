"""The client's calls are tested against a scripted site."""

from __future__ import annotations

import httpx
import pytest

from imsite.client import OutgoingMessage, Recipient, Refused, SendResult, SyncClient, Unreachable
from tests.imsite.client.scripted_server import Server

pytestmark = pytest.mark.usefixtures("short_pauses")

STORED = {"messages": [{"target": "5", "id": "7", "seq": 1, "position": 9, "online": True}]}
SENT = SendResult("5", "7", 1, 9, online=True, data=STORED["messages"][0])


def stored() -> httpx.Response:
    return httpx.Response(201, json=STORED)


async def test_a_message_is_sent_to_a_user_with_a_new_idempotency_key() -> None:
    server = Server(stored(), stored())
    async with server.client(token="secret") as im:
        assert await im.send("hello", to=Recipient.user("alice")) == [SENT]
        await im.send("hello", to=Recipient.user("alice"))
    first, second = server.bodies()
    assert first == {"to": {"user": "alice"}, "type": "text", "msg": "hello", "clientMsgId": first["clientMsgId"]}
    assert first["clientMsgId"] != second["clientMsgId"]
    request = server.asked[0]
    assert (request.method, request.url.path) == ("POST", "/api/v1/messages/")
    assert request.headers["authorization"] == "Token secret"
    assert request.headers["idempotency-key"] == first["clientMsgId"]


@pytest.mark.parametrize(
    "trouble",
    [
        httpx.Response(503, headers={"Retry-After": "1"}),
        httpx.Response(502, text="<html>"),
        httpx.Response(429, json={"code": 1011}),
        httpx.ConnectError("refused"),
        httpx.ReadTimeout("slow"),
        httpx.RemoteProtocolError("cut"),
    ],
    ids=str,
)
async def test_a_send_is_retried_with_the_same_key(trouble: httpx.Response | Exception) -> None:
    server = Server(trouble, trouble, stored())
    async with server.client() as im:
        assert await im.send("hello", to=Recipient.user("alice")) == [SENT]
    assert len({str(body) for body in server.bodies()}) == 1
    assert len({request.headers["idempotency-key"] for request in server.asked}) == 1


async def test_an_unsafe_call_is_not_retried() -> None:
    server = Server(httpx.ReadTimeout("slow"))
    async with server.client() as im:
        with pytest.raises(Unreachable):
            await im.call("POST", "channels/", json={"kind": "public"})
    assert len(server.asked) == 1


async def test_a_call_that_never_reached_the_site_is_retried() -> None:
    server = Server(httpx.ConnectError("refused"), httpx.Response(201, json={"target": "5"}))
    async with server.client() as im:
        assert await im.call("POST", "channels/", json={"kind": "public"}) == {"target": "5"}


async def test_a_refusal_is_raised_at_once() -> None:
    problem = {"type": "about:blank", "title": "Not authorised", "status": 403, "detail": "No.", "code": 1003}
    server = Server(httpx.Response(403, json=problem))
    async with server.client() as im:
        with pytest.raises(Refused) as caught:
            await im.send("hello", to=Recipient.app(101))
    assert (caught.value.code, caught.value.status, caught.value.text) == (1003, 403, "No.")
    assert len(server.asked) == 1


async def test_retries_end() -> None:
    server = Server(*[httpx.ConnectError("refused")] * 100)
    async with server.client(retry_seconds=0.1) as im:
        with pytest.raises(Unreachable):
            await im.online(["alice"])
    assert 3 < len(server.asked) < 100


async def test_an_answer_that_is_no_json_is_unreachable() -> None:
    async with Server(httpx.Response(200, text="<html>")).client() as im:
        with pytest.raises(Unreachable):
            await im.online(["alice"])


async def test_online_users_are_queried() -> None:
    server = Server(*[httpx.Response(200, json={"online": {"alice": True, "bob": False}})] * 2)
    async with server.client() as im:
        assert await im.online(["alice", "bob"]) == {"alice": True, "bob": False}
        assert await im.is_online("alice", app=102)
    assert server.bodies() == [{"users": ["alice", "bob"]}, {"users": ["alice"], "app": 102}]


async def test_bulk_messages_return_a_result_each() -> None:
    problem = {"status": 404, "code": 1005, "reason": "account_not_found", "detail": "This user does not exist."}
    refused = {"status": 404, "problem": problem}
    server = Server(httpx.Response(200, json={"results": [{"status": 201, **STORED}, refused]}))
    drafts = [
        OutgoingMessage("hello", Recipient.user("alice"), as_user="bob"),
        OutgoingMessage("hello", Recipient.users(["x"]), transient=True),
    ]
    async with server.client() as im:
        first, second = await im.send_many(drafts)
    assert first == [SENT]
    assert isinstance(second, Refused)
    assert (second.code, second.reason, second.status) == (1005, "account_not_found", 404)
    one, other = server.bodies()[0]["messages"]
    assert (one["as"], one["clientMsgId"]) == ("bob", drafts[0].idempotency_key)
    assert other["transient"] is True


async def test_a_send_to_several_targets_returns_a_result_for_each() -> None:
    problem = {"status": 404, "code": 1005, "reason": "account_not_found", "detail": "This user does not exist."}
    places = [STORED["messages"][0], {"to": {"user": "x"}, "problem": problem}, {"to": {"app": 101}, "persons": 12}]
    async with Server(httpx.Response(201, json={"messages": places})).client() as im:
        stored, refused, pushed = await im.send("hello", to=Recipient.users(["alice", "x"]))
    assert stored == SENT
    assert refused.error is not None and refused.error.code == 1005
    assert (pushed.id, pushed.user_count) == ("", 12)


async def test_an_empty_answer_returns_none() -> None:
    async with Server(httpx.Response(204)).client() as im:
        assert await im.call("DELETE", "channels/5/") is None


def test_the_synchronous_client_makes_the_same_calls() -> None:
    online = httpx.Response(200, json={"online": {"alice": True}})
    status = httpx.Response(200, json={"id": "7", "stored": True})
    server = Server(httpx.ReadTimeout("slow"), stored(), httpx.Response(503), online, status)
    with SyncClient("http://im.example/", token="secret", transport=httpx.MockTransport(server)) as im:
        assert im.send("hello", to=Recipient.channel("5")) == [SENT]
        assert im.is_online("alice")
        assert im.status("7")["stored"]
    assert [request.url.path for request in server.asked] == [
        "/api/v1/messages/",
        "/api/v1/messages/",
        "/api/v1/presence/query/",
        "/api/v1/presence/query/",
        "/api/v1/messages/7/status/",
    ]
