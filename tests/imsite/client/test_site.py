"""The client against a running site: send, presence, listen, restarts."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from pathlib import Path

import pytest
import pytest_asyncio

from imsite.client import Client, ClientConnection, Closed, OutgoingMessage, Push, Recipient, Refused, SyncClient
from tests.support.accounts import register
from tests.support.shared_site import SharedSite
from tests.support.site import Site
from tests.support.waiting import TIMEOUT_SECONDS, wait_until

_SHOP = """
from accounts.actions import service_create, service_token_create

permissions = ["chat.use_gateway", "chat.view_message", "chat.delete_message"]
shop = service_create(username="{name}", permissions=permissions)
print(service_token_create(service=shop, name="a test").token)
"""
_REVOKE = """
from accounts.actions import token_revoke
from accounts.selectors.users import user_by_token

user, credential = user_by_token("{token}")
token_revoke(user_id=user.pk, credential=credential)
"""
_number = itertools.count(1)


@dataclass
class ClientScenario:
    """A running site with a shop, Alice and Bob, who are in no other test; each has a client."""

    shared_site: SharedSite
    token: str
    """The token of the shop."""
    shop: Client
    alice: Client
    bob: Client
    name: dict[str, str]
    """Their user names on this site."""

    def to(self, name: str) -> Recipient:
        return Recipient.user(self.name[name])


@pytest_asyncio.fixture
async def scenario(shared_site: SharedSite) -> AsyncIterator[ClientScenario]:
    name = f"shop{next(_number)}"
    token = (await asyncio.to_thread(shared_site.shell, _SHOP.format(name=name))).strip()
    people = {person: shared_site.account(person) for person in ("alice", "bob")}
    async with (
        Client(shared_site.site.url, token=token) as shop,
        Client(shared_site.site.url, token=people["alice"].token) as alice,
        Client(shared_site.site.url, token=people["bob"].token) as bob,
    ):
        names = {"shop": name, **{person: account.name for person, account in people.items()}}
        yield ClientScenario(shared_site, token, shop, alice, bob, names)


async def next_message(line: ClientConnection) -> Push:
    """Return the next message."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while (push := await anext(line)).cmd != "msg":
            pass
    return push


async def wait_for_deliveries(im: Client, id: str, count: int) -> None:
    """Wait until the status reports this many deliveries."""
    async with asyncio.timeout(TIMEOUT_SECONDS):
        while (await im.status(id))["delivered"] != count:  # noqa: ASYNC110  nothing tells
            await asyncio.sleep(0.02)


@pytest.mark.each_database
async def test_a_service_sends_to_a_connected_and_an_offline_user(scenario: ClientScenario) -> None:
    alice, bob = scenario.name["alice"], scenario.name["bob"]
    async with scenario.alice.listen() as line:
        assert await scenario.shop.online([alice, bob]) == {alice: True, bob: False}
        [sent] = await scenario.shop.send("Your parcel has left.", to=Recipient.user(alice))
        push = await next_message(line)
        assert (push.data["msg"], push.data["from"]) == ("Your parcel has left.", scenario.name["shop"])
        assert (push.data["id"], sent.online) == (sent.id, True)
    [later] = await scenario.shop.send("Where are you?", to=Recipient.user(bob))
    assert not later.online
    await wait_for_deliveries(scenario.shop, sent.id, 1)
    assert (await scenario.shop.status(later.id))["delivered"] == 0
    async with scenario.bob.listen(after=0) as line:
        assert (await next_message(line)).data["id"] == later.id
    await wait_for_deliveries(scenario.shop, later.id, 1)


@pytest.mark.each_database
async def test_a_user_who_opens_the_page_gets_the_message_too(scenario: ClientScenario) -> None:
    """A fresh page sends no `sync`: it loads the newest history, now and at every opening."""
    [sent] = await scenario.shop.send("Your parcel has left.", to=scenario.to("bob"))
    [another] = await scenario.shop.send("It is heavy.", to=scenario.to("bob"))
    async with scenario.bob.listen() as line:
        assert (await scenario.shop.status(sent.id))["delivered"] == 0
        for _ in range(2):
            page = await line.call("message.history", target=sent.target)
            assert [one["id"] for one in page["messages"]] == [sent.id, another.id]
            await wait_for_deliveries(scenario.shop, another.id, 1)
        status = await scenario.shop.status(sent.id)
    assert (status["delivered"], [one["userId"] for one in status["persons"]]) == (1, [scenario.name["bob"]])
    assert status["readBy"] == []


async def test_a_repeated_key_stores_one_message(scenario: ClientScenario) -> None:
    sent = await asyncio.gather(
        *(scenario.shop.send("hello", to=scenario.to("alice"), idempotency_key="once") for _ in range(5))
    )
    assert len({one.id for (one,) in sent}) == 1
    with pytest.raises(Refused) as caught:
        await scenario.shop.send("something else", to=scenario.to("alice"), idempotency_key="once")
    assert caught.value.status == 409


async def test_bulk_messages_return_a_result_each(scenario: ClientScenario) -> None:
    drafts = [
        OutgoingMessage("hello", scenario.to("alice")),
        OutgoingMessage("hello", Recipient.user("nobody at all")),
        OutgoingMessage("hello", scenario.to("bob")),
    ]
    first, second, third = await scenario.shop.send_many(drafts)
    assert isinstance(second, Refused) and second.status == 404
    assert isinstance(first, list) and isinstance(third, list) and first[0].id != third[0].id
    assert await scenario.shop.send_many([drafts[0]]) == [first]


async def test_a_restarted_program_continues_at_its_position(scenario: ClientScenario) -> None:
    await scenario.shop.send("one", to=scenario.to("alice"))
    async with scenario.alice.listen(after=0) as line:
        assert (await next_message(line)).data["msg"] == "one"
        # Asking for the next push acknowledges this one.
        asking = asyncio.ensure_future(anext(line))
        await wait_until(lambda: (line.position or 0) > 0)
        asking.cancel()
        kept = line.position
    await scenario.shop.send("two", to=scenario.to("alice"))
    async with scenario.alice.listen(after=kept) as line:
        assert (await next_message(line)).data["msg"] == "two"


async def test_a_revoked_token_ends_the_connection(scenario: ClientScenario) -> None:
    async with scenario.shop.listen() as line:
        hearing = asyncio.create_task(next_message(line))
        await asyncio.to_thread(scenario.shared_site.shell, _REVOKE.format(token=scenario.token))
        with pytest.raises((Closed, Refused)):
            await hearing
    with pytest.raises(Refused) as caught:
        await scenario.shop.is_online("alice")
    assert caught.value.status == 401


async def test_files_reactions_and_threads(scenario: ClientScenario, tmp_path: Path) -> None:
    path = tmp_path / "bill.txt"
    path.write_bytes(b"one parcel\n" * 1000)
    async with scenario.bob.listen() as line:
        sent = await scenario.shop.send("Your bill", to=scenario.to("bob"), files=[path, BytesIO(b"a note")])
        push = await next_message(line)
        bill, note = push.attachments
        assert (push.data["content"], bill.name, bill.kind, bill.size) == ("Your bill", "bill.txt", "file", 11_000)
        assert await scenario.bob.download(bill) == path.read_bytes()
        assert await scenario.bob.download(note) == b"a note"
        with pytest.raises(Refused) as caught:
            await scenario.alice.download(bill)
        assert caught.value.reason == "attachment_not_found"
        id, target = sent[0].id, sent[0].target
        assert await line.react(id, "👍", target=target) == 1
        assert await scenario.shop.react(id, "👍") == await scenario.shop.react(id, "👍") == 2
        assert await line.unreact(id, "👍", target=target) == 1
        at = datetime.now(UTC) + timedelta(days=1)
        for scheduled in (
            await line.schedule("later", target=target, at=at, thread=id),
            await scenario.shop.schedule("later", to=scenario.to("bob"), at=at),
        ):
            owner = line if scheduled in str(await line.scheduled()) else scenario.shop
            await owner.cancel_scheduled(scheduled)
        assert (await line.scheduled(), await scenario.shop.scheduled(limit=1)) == (
            {"messages": [], "hasMore": False},
            {"results": [], "next": None},
        )
        await line.save(id, target=target)
        assert [message["id"] for message in (await line.saved())["messages"]] == [id]
        await line.unsave(id)
        await scenario.shop.save(id)
        assert [message["id"] for message in (await scenario.shop.saved())["results"]] == [id]
        await scenario.shop.unsave(id)
        assert (await line.saved(limit=1), await scenario.shop.saved(limit=1)) == (
            {"messages": [], "next": None},
            {"results": [], "next": None},
        )
        assert (await line.run_slash_command("/help", target=target))["note"] == "help"
        receipt = await scenario.bob.upload(b"receipt")
        await line.send("Thank you", target=target, thread=id, attachments=[receipt])
        await scenario.shop.send("Welcome", to=Recipient.channel(target), thread=id, also_to_channel=True)
        assert (await next_message(line)).data["threadId"] == id
        answers = (await line.thread_history(id, target=target))["messages"]
        assert [one["thread"]["count"] for one in (await line.threads())["threads"]] == [2]
        await line.edit(id := answers[0]["id"], "Thanks", target=target)
        await line.remove_file(id, receipt, target=target)
        changed = await line.message(id, target=target)
        assert (changed["content"], changed["attachments"][0]["removed"]) == ("Thanks", True)
        await scenario.shop.remove_file(sent[0].id, bill)
        [first, *_] = (await scenario.shop.history(target))["results"]
        assert (first["content"], first["attachments"][0]["removed"]) == ("Your bill", True)
        await line.recall(id, target=target)
    assert [(answer["msg"], answer.get("threadOnly")) for answer in answers] == [
        ("Thank you [file]", True),
        ("Welcome", None),
    ]


async def test_the_synchronous_client_works_with_the_site(scenario: ClientScenario) -> None:
    def use() -> None:
        with SyncClient(scenario.shared_site.site.url, token=scenario.token) as im:
            [sent] = im.send("hello", to=scenario.to("alice"))
            assert im.status(sent.id)["stored"]
            assert not im.is_online(scenario.name["alice"])
            assert im.download(im.upload(b"content")) == b"content"

    await asyncio.to_thread(use)


@pytest.mark.each_database
async def test_a_connection_and_its_sends_survive_a_server_crash(site: Site) -> None:
    tokens = await asyncio.to_thread(register, site, ["alice", "bob"])
    async with (
        Client(site.url, token=tokens["alice"]) as one,
        Client(site.url, token=tokens["bob"]) as other,
        one.listen() as alice,
        other.listen() as bob,
    ):
        made = await alice.call("channel.create", kind="private", members=["bob"])
        await alice.send("before", target=made["target"])
        assert (await next_message(bob)).data["msg"] == "before"
        site.kill()
        sending = asyncio.create_task(alice.send("meanwhile", target=made["target"]))
        await asyncio.to_thread(site.start)
        sent = await sending
        push = await next_message(bob)
        assert (push.data["msg"], push.data["seq"]) == ("meanwhile", sent.seq) == ("meanwhile", 2)
        await alice.send("after", target=made["target"])
        assert (await next_message(bob)).data["seq"] == 3
        assert bob.disconnect_count == 1


async def test_a_connection_mutes_a_channel_and_tells_that_its_user_is_typing(scenario: ClientScenario) -> None:
    async with scenario.alice.listen() as alice, scenario.bob.listen(activity=True) as bob:
        made = await alice.call("channel.create", kind="private", members=[scenario.name["bob"]])
        target = made["target"]

        assert await bob.set_notifications(target, level="mentions") == {"level": "mentions", "muted": False}
        assert await bob.set_notifications(target, muted=True) == {"level": "mentions", "muted": True}
        assert await alice.send_typing(target) is True
        await alice.set_away(True)
        await alice.set_away(False)
        async with asyncio.timeout(TIMEOUT_SECONDS):
            while (push := await anext(bob)).cmd != "typing":
                pass
        assert push.data["by"]["userId"] == scenario.name["alice"]
        sent = await alice.send("hello", target=target)
        await bob.call("read.mark", target=target, seq=sent.seq)
        assert await alice.readers(sent.id, target=target) == [scenario.name["bob"]]


async def test_a_connection_makes_a_link_by_which_another_joins(scenario: ClientScenario) -> None:
    async with scenario.alice.listen() as alice, scenario.bob.listen() as bob:
        target = (await alice.call("channel.create", kind="public", name="Painters"))["target"]
        link = await alice.create_invite(target, seconds=3600, max_uses=1)
        assert await bob.accept_invite(link["token"]) is True
        other = await alice.create_invite(
            (await alice.call("channel.create", kind="public", name="Poets"))["target"], needs_approval=True
        )
        assert await bob.accept_invite(other["token"]) is False
        await bob.withdraw_request(other["target"])
        with pytest.raises(Refused):
            await bob.withdraw_request(other["target"])
        assert (await bob.call("channel.get", target=target))["role"] == "member"
