"""The client against a running site: send, presence, listen, restarts."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import dataclass

import pytest
import pytest_asyncio

from imsite.client import Client, ClientConnection, Closed, OutgoingMessage, Push, Recipient, Refused, SyncClient
from tests.support.accounts import register
from tests.support.eventually import PATIENCE, eventually
from tests.support.people import Town
from tests.support.site import Site

_SHOP = """
from accounts.actions import service_create, service_token_create

shop = service_create(username="{name}", permissions=["chat.use_gateway", "chat.view_message"])
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
class Scene:
    """A running site with a shop, Alice and Bob, whom no other test knows; each has a client."""

    town: Town
    token: str
    """The shop's."""
    shop: Client
    alice: Client
    bob: Client
    name: dict[str, str]
    """How they are called here."""

    def to(self, name: str) -> Recipient:
        return Recipient.user(self.name[name])


@pytest_asyncio.fixture
async def scene(town: Town) -> AsyncIterator[Scene]:
    name = f"shop{next(_number)}"
    token = (await asyncio.to_thread(town.shell, _SHOP.format(name=name))).strip()
    people = {person: town.account(person) for person in ("alice", "bob")}
    async with (
        Client(town.site.url, token=token) as shop,
        Client(town.site.url, token=people["alice"].token) as alice,
        Client(town.site.url, token=people["bob"].token) as bob,
    ):
        names = {"shop": name, **{person: account.name for person, account in people.items()}}
        yield Scene(town, token, shop, alice, bob, names)


async def heard(line: ClientConnection) -> Push:
    """The next message."""
    async with asyncio.timeout(PATIENCE):
        while (push := await anext(line)).cmd != "msg":
            pass
    return push


async def delivered(im: Client, id: str, count: int) -> None:
    """Wait until it is told that so many connections have it."""
    async with asyncio.timeout(PATIENCE):
        while (await im.status(id))["delivered"] != count:  # noqa: ASYNC110  nothing tells
            await asyncio.sleep(0.02)


@pytest.mark.each_database
async def test_a_service_sends_to_who_listens_and_to_who_is_away(scene: Scene) -> None:
    alice, bob = scene.name["alice"], scene.name["bob"]
    async with scene.alice.listen() as line:
        assert await scene.shop.online([alice, bob]) == {alice: True, bob: False}
        [sent] = await scene.shop.send("Your parcel has left.", to=Recipient.user(alice))
        push = await heard(line)
        assert (push.data["msg"], push.data["from"]) == ("Your parcel has left.", scene.name["shop"])
        assert (push.data["id"], sent.online) == (sent.id, True)
    [later] = await scene.shop.send("Where are you?", to=Recipient.user(bob))
    assert not later.online
    await delivered(scene.shop, sent.id, 1)
    assert (await scene.shop.status(later.id))["delivered"] == 0
    async with scene.bob.listen(after=0) as line:
        assert (await heard(line)).data["id"] == later.id
    await delivered(scene.shop, later.id, 1)


@pytest.mark.each_database
async def test_who_returns_by_opening_the_page_has_it_too(scene: Scene) -> None:
    """A page that begins anew asks for no `sync`: it loads the newest history, now and whenever it is opened."""
    [sent] = await scene.shop.send("Your parcel has left.", to=scene.to("bob"))
    [another] = await scene.shop.send("It is heavy.", to=scene.to("bob"))
    async with scene.bob.listen() as line:
        assert (await scene.shop.status(sent.id))["delivered"] == 0
        for _ in range(2):
            page = await line.call("message.history", target=sent.target)
            assert [one["id"] for one in page["messages"]] == [sent.id, another.id]
            await delivered(scene.shop, another.id, 1)
        status = await scene.shop.status(sent.id)
    assert (status["delivered"], [one["userId"] for one in status["persons"]]) == (1, [scene.name["bob"]])
    assert status["readBy"] == []


async def test_the_same_key_is_one_message(scene: Scene) -> None:
    sent = await asyncio.gather(
        *(scene.shop.send("hello", to=scene.to("alice"), idempotency_key="once") for _ in range(5))
    )
    assert len({one.id for (one,) in sent}) == 1
    with pytest.raises(Refused) as caught:
        await scene.shop.send("something else", to=scene.to("alice"), idempotency_key="once")
    assert caught.value.status == 409


async def test_many_at_once_get_a_result_each(scene: Scene) -> None:
    drafts = [
        OutgoingMessage("hello", scene.to("alice")),
        OutgoingMessage("hello", Recipient.user("nobody at all")),
        OutgoingMessage("hello", scene.to("bob")),
    ]
    first, second, third = await scene.shop.send_many(drafts)
    assert isinstance(second, Refused) and second.status == 404
    assert isinstance(first, list) and isinstance(third, list) and first[0].id != third[0].id
    assert await scene.shop.send_many([drafts[0]]) == [first]


async def test_a_program_goes_on_where_it_was(scene: Scene) -> None:
    await scene.shop.send("one", to=scene.to("alice"))
    async with scene.alice.listen(after=0) as line:
        assert (await heard(line)).data["msg"] == "one"
        # Asking for the next says that this one is done with.
        asking = asyncio.ensure_future(anext(line))
        await eventually(lambda: (line.position or 0) > 0)
        asking.cancel()
        kept = line.position
    await scene.shop.send("two", to=scene.to("alice"))
    async with scene.alice.listen(after=kept) as line:
        assert (await heard(line)).data["msg"] == "two"


async def test_a_revoked_token_ends_the_line(scene: Scene) -> None:
    async with scene.shop.listen() as line:
        hearing = asyncio.create_task(heard(line))
        await asyncio.to_thread(scene.town.shell, _REVOKE.format(token=scene.token))
        with pytest.raises((Closed, Refused)):
            await hearing
    with pytest.raises(Refused) as caught:
        await scene.shop.is_online("alice")
    assert caught.value.status == 401


async def test_the_plain_face_works_as_well(scene: Scene) -> None:
    def use() -> None:
        with SyncClient(scene.town.site.url, token=scene.token) as im:
            [sent] = im.send("hello", to=scene.to("alice"))
            assert im.status(sent.id)["stored"]
            assert not im.is_online(scene.name["alice"])

    await asyncio.to_thread(use)


@pytest.mark.each_database
async def test_a_line_and_what_it_says_survive_the_servers_death(site: Site) -> None:
    tokens = await asyncio.to_thread(register, site, ["alice", "bob"])
    async with (
        Client(site.url, token=tokens["alice"]) as one,
        Client(site.url, token=tokens["bob"]) as other,
        one.listen() as alice,
        other.listen() as bob,
    ):
        made = await alice.call("channel.create", kind="private", members=["bob"])
        await alice.send("before", target=made["target"])
        assert (await heard(bob)).data["msg"] == "before"
        site.kill()
        sending = asyncio.create_task(alice.send("meanwhile", target=made["target"]))
        await asyncio.to_thread(site.start)
        sent = await sending
        push = await heard(bob)
        assert (push.data["msg"], push.data["seq"]) == ("meanwhile", sent.seq) == ("meanwhile", 2)
        await alice.send("after", target=made["target"])
        assert (await heard(bob)).data["seq"] == 3
        assert bob.disconnect_count == 1
