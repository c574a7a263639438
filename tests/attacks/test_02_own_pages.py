"""Attack 2, account pages: a client continues after its device was signed out or its account was deleted."""

from __future__ import annotations

import asyncio

import pytest

from tests.support.promised import promised
from tests.support.shared_site import Account, Clients, SharedSite, UserClient

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


async def run_in_shell(shared_site: SharedSite, script: str, account: Account) -> str:
    text = script.format(id=account.id, session=account.session)
    return (await asyncio.to_thread(shared_site.shell, text)).strip()


async def log_in_by_cookie(clients: Clients, account: Account) -> UserClient:
    person = await clients.stranger(origin=clients.shared_site.site.url, cookie=account.cookie)
    await person.enter({"appId": 101})
    return person


async def test_a_device_signed_out_on_another_page_is_disconnected(clients: Clients, shared_site: SharedSite) -> None:
    account = shared_site.account()
    device = await run_in_shell(shared_site, DEVICE, account)
    page, program = await log_in_by_cookie(clients, account), await clients.login(account)

    await asyncio.to_thread(shared_site.post, f"/accounts/devices/{device}/", account.cookie)

    async with promised(5, shared_site.site):
        assert await page.closed() == 4001
    assert await program.code("heartbeat") == 200
    again = await clients.stranger(origin=shared_site.site.url, cookie=account.cookie)
    assert await again.code("login", appId=101) == 1003


async def test_mallory_cannot_sign_out_a_device_of_alice(clients: Clients, shared_site: SharedSite) -> None:
    alice, mallory = shared_site.account(), shared_site.account("dave")
    device = await run_in_shell(shared_site, DEVICE, alice)
    page = await log_in_by_cookie(clients, alice)
    await asyncio.to_thread(shared_site.post, f"/accounts/devices/{device}/", mallory.cookie)
    assert await page.code("heartbeat") == 200


async def test_signing_out_everywhere_closes_all_connections(clients: Clients, shared_site: SharedSite) -> None:
    account = shared_site.account()
    connections = [
        await log_in_by_cookie(clients, account),
        await clients.login(account),
        await clients.login(account, app=102),
    ]
    await asyncio.to_thread(shared_site.post, "/accounts/devices/all/", account.cookie)
    async with promised(5, shared_site.site):
        assert [await connection.closed() for connection in connections] == [4001] * 3
    assert await (await clients.stranger()).code("login", appId=101, serviceToken=account.token) == 1003


async def test_a_deleted_account_loses_access_at_once(clients: Clients, shared_site: SharedSite) -> None:
    account = shared_site.account()
    connections = [await log_in_by_cookie(clients, account), await clients.login(account)]
    [bob] = await clients("bob")
    channel = await connections[1].private(bob)
    await connections[1].say(channel, "before")

    await run_in_shell(shared_site, DELETE, account)

    async with promised(5, shared_site.site):
        assert [await connection.closed() for connection in connections] == [4001] * 2
    assert await (await clients.stranger()).code("login", appId=101, serviceToken=account.token) == 1003
    page = await clients.stranger(origin=shared_site.site.url, cookie=account.cookie)
    assert await page.code("login", appId=101) == 1003
    history = (await bob.call("message.history", target=channel))["messages"]
    assert [(said["name"], said["msg"]) for said in history] == [("Deleted user", "before")]
    assert not (await bob.call("person.search", q=account.name))["persons"]
    synced = await bob.call("sync", after=0)
    assert account.name not in str(synced) and account.nickname not in str(synced)
