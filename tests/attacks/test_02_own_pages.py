"""Attack 2, account pages: a client continues after its device was signed out or its account was deleted."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.people import Account, People, Person, Town

pytestmark = pytest.mark.each_database

DEVICE = """
from accounts.actions import device_create
from accounts.credentials import session_credential
from accounts.models import Device, User
user = User.objects.get(pk={id})
device = device_create(user=user, kind=Device.Kind.BROWSER, credential=session_credential({session!r}),
    session_key={session!r})
print(device.pk)
"""
DELETE = "from chat.actions.account_deletion import account_delete; account_delete(user_id={id})"


async def in_the_shell(town: Town, script: str, account: Account) -> str:
    text = script.format(id=account.id, session=account.session)
    return (await asyncio.to_thread(town.shell, text)).strip()


async def by_cookie(people: People, account: Account) -> Person:
    person = await people.stranger(origin=people.town.site.url, cookie=account.cookie)
    await person.enter({"appId": 101})
    return person


async def test_a_device_signed_out_on_another_page_is_disconnected(people: People, town: Town) -> None:
    account = town.account()
    device = await in_the_shell(town, DEVICE, account)
    page, program = await by_cookie(people, account), await people.login(account)

    await asyncio.to_thread(town.post, f"/accounts/devices/{device}/", account.cookie)

    async with asyncio.timeout(5):
        assert await page.closed() == 4001
    assert await program.code("heartbeat") == 200
    again = await people.stranger(origin=town.site.url, cookie=account.cookie)
    assert await again.code("login", appId=101) == 1003


async def test_mallory_cannot_sign_out_a_device_of_alice(people: People, town: Town) -> None:
    alice, mallory = town.account(), town.account("dave")
    device = await in_the_shell(town, DEVICE, alice)
    page = await by_cookie(people, alice)
    await asyncio.to_thread(town.post, f"/accounts/devices/{device}/", mallory.cookie)
    assert await page.code("heartbeat") == 200


async def test_signing_out_everywhere_closes_all_connections(people: People, town: Town) -> None:
    account = town.account()
    connections = [await by_cookie(people, account), await people.login(account), await people.login(account, app=102)]
    await asyncio.to_thread(town.post, "/accounts/devices/all/", account.cookie)
    async with asyncio.timeout(5):
        assert [await connection.closed() for connection in connections] == [4001] * 3
    assert await (await people.stranger()).code("login", appId=101, serviceToken=account.token) == 1003


async def test_a_deleted_account_loses_access_at_once(people: People, town: Town) -> None:
    account = town.account()
    connections = [await by_cookie(people, account), await people.login(account)]
    [bob] = await people("bob")
    channel = await connections[1].private(bob)
    await connections[1].say(channel, "before")

    await in_the_shell(town, DELETE, account)

    async with asyncio.timeout(5):
        assert [await connection.closed() for connection in connections] == [4001] * 2
    assert await (await people.stranger()).code("login", appId=101, serviceToken=account.token) == 1003
    page = await people.stranger(origin=town.site.url, cookie=account.cookie)
    assert await page.code("login", appId=101) == 1003
    history = (await bob.call("message.history", target=channel))["messages"]
    assert [(said["name"], said["msg"]) for said in history] == [("Deleted user", "before")]
    assert not (await bob.call("person.search", q=account.name))["persons"]
    synced = await bob.call("sync", after=0)
    assert account.name not in str(synced) and account.nickname not in str(synced)
