"""Attack 2: going on after one's rights have ended.

After sign-out, deactivation, a password change or the end of a token the sockets concerned close with 4001, and
nothing more is accepted: also when only the log tells of it, because another process did it.
"""

from __future__ import annotations

import asyncio

import pytest

from tests.support.client import Closed, Envelope
from tests.support.people import Account, People, Person, Town

pytestmark = pytest.mark.each_database

DEACTIVATE = "from accounts.actions import user_deactivate as end; end(user_id={id})"
SIGN_OUT_EVERYWHERE = "from accounts.actions import sign_out_everywhere as end; end(user_id={id})"
CHANGE_PASSWORD = """
from accounts.actions import password_change as end
from accounts.models import User
end(user=User.objects.get(pk={id}), new_password="correct horse battery")
"""
REVOKE_TOKEN = """
from accounts.actions import token_revoke as end
from accounts.credentials import token_credential, token_digest
end(user_id={id}, credential=token_credential(token_digest({token!r})))
"""


async def elsewhere(town: Town, *ends: tuple[str, Person]) -> None:
    """End these in another process, whose announcements this server does not hear: the log alone tells of them."""
    script = "\n".join(end.format(id=person.id, token=person.token) for end, person in ends)
    await asyncio.to_thread(town.shell, script)


async def by_cookie(people: People, account: Account) -> Person:
    person = await people.stranger(origin=people.town.site.url, cookie=account.cookie)
    await person.enter({"appId": 101})
    person.account = account
    return person


async def test_whatever_ended_in_another_process_the_sockets_close(people: People, town: Town) -> None:
    ends = [DEACTIVATE, SIGN_OUT_EVERYWHERE, CHANGE_PASSWORD]
    accounts = [town.account() for _ in ends]
    connections = [
        [await people.login(account), await people.login(account, app=102), await by_cookie(people, account)]
        for account in accounts
    ]
    [bystander] = await people("bob")

    await elsewhere(town, *[(end, mine[0]) for end, mine in zip(ends, connections, strict=True)])

    async with asyncio.timeout(5):
        for connection in [one for mine in connections for one in mine]:
            assert await connection.closed() == 4001
            assert not [one for one in connection.received if one.cmd not in ("login", "enter", "exit")]
    # The way back is shut as well, and others are not concerned.
    for account in accounts:
        assert await (await people.stranger()).code("login", appId=101, serviceToken=account.token) == 1003
        page = await people.stranger(origin=town.site.url, cookie=account.cookie)
        assert await page.code("login", appId=101) == 1003
    assert await bystander.code("heartbeat") == 200


async def test_a_revoked_token_closes_its_own_connections_only(people: People, town: Town) -> None:
    [alice] = await people("alice")
    guest, other_guest = await people.guest(), await people.guest()
    assert alice.account is not None
    page = await by_cookie(people, alice.account)

    await elsewhere(town, (REVOKE_TOKEN, alice), (REVOKE_TOKEN, guest))

    assert [await alice.closed(), await guest.closed()] == [4001, 4001]
    for person in (page, other_guest):
        assert await person.code("heartbeat") == 200
    for person in (alice, guest):
        assert await (await people.stranger()).code("login", appId=101, serviceToken=person.token) == 1003


async def test_after_a_deactivation_no_message_is_accepted(people: People, town: Town) -> None:
    """From the commit on, even before this process has heard of it."""
    alice, bob = await people("alice", "bob")
    channel = await alice.private(bob)
    ending = asyncio.create_task(elsewhere(town, (DEACTIVATE, alice)))
    accepted: list[bool] = []

    async def talk() -> None:
        while True:
            ended = ending.done()
            if await alice.code("message.send", target=channel, type="text", msg="x") == 200:
                accepted.append(ended)

    with pytest.raises(Closed) as closed:
        await talk()
    await ending

    assert closed.value.code == 4001
    assert not any(accepted), "a send was accepted after the deactivation had been committed"
    assert (await bob.call("channel.get", target=channel))["lastSeq"] == len(accepted)


async def test_signing_out_in_a_browser_closes_what_it_opened(people: People, town: Town) -> None:
    account = town.account()
    pages = [await by_cookie(people, account), await by_cookie(people, account)]
    program = await people.login(account)

    await asyncio.to_thread(town.post, "/accounts/logout/", account.cookie)

    async with asyncio.timeout(5):
        assert [await page.closed() for page in pages] == [4001, 4001]
    assert await program.call("ping") == "pong", "the token is not the browser's"
    back = await people.stranger(origin=town.site.url, cookie=account.cookie)
    assert await back.code("login", appId=101) == 1003


async def test_signing_out_of_one_browser_leaves_the_other(people: People, town: Town) -> None:
    account = town.account()
    script = (
        "from django.contrib.sessions.backends.db import SessionStore\n"
        f"store, other = SessionStore({account.session!r}), SessionStore()\n"
        "other.update(store.load()); other.save(); print(other.session_key)"
    )
    key = (await asyncio.to_thread(town.shell, script)).strip().splitlines()[-1]
    here = await by_cookie(people, account)
    there = await by_cookie(people, Account(account.name, account.id, account.token, key))

    await asyncio.to_thread(town.post, "/accounts/logout/", account.cookie)

    assert await here.closed() == 4001
    assert await there.code("heartbeat") == 200


async def test_a_login_that_meets_its_revocation_does_not_survive(people: People, town: Town) -> None:
    """Whichever comes first, in the end nobody is logged in by a token that has ended."""
    [alice] = await people("alice")
    connections = [await people.stranger() for _ in range(40)]

    async def log_in(person: Person) -> int:
        return await person.code("login", appId=101, serviceToken=alice.token)

    early = [await log_in(person) for person in connections[:5]]
    ending = asyncio.create_task(elsewhere(town, (REVOKE_TOKEN, alice)))
    meeting = await asyncio.gather(*map(log_in, connections[5:35]), return_exceptions=True)
    await ending
    late = [await log_in(person) for person in connections[35:]]

    assert early == [200] * 5 and late == [1003] * 5
    for person, code in zip(connections[5:35], meeting, strict=True):
        if code == 1003:
            assert await person.code("heartbeat") == 1000
        else:
            assert await person.closed() == 4001


async def test_requests_behind_the_goodbye_are_not_carried_out(people: People, town: Town) -> None:
    """Of a client that does not stop talking, what comes after its end is not heard."""
    [alice] = await people("alice")
    assert alice.account is not None
    replies: list[asyncio.Future[Envelope]] = []

    ending = asyncio.create_task(elsewhere(town, (REVOKE_TOKEN, alice)))

    async def talk() -> None:
        while True:
            # The one that is being carried out, and a long queue of others behind it.
            replies.extend([await alice.post("channel.create", kind="public", name="Late") for _ in range(20)])
            await asyncio.wait(replies[-20:-19])

    with pytest.raises(Closed):
        await talk()
    await ending

    answered = sum(reply.done() and reply.exception() is None for reply in replies)
    page = await by_cookie(people, alice.account)
    groups = [item for item in (await page.call("channel.list"))["channels"] if item["kind"] == "public"]
    # Besides what was answered: the one under way, and one whose answer the end has overtaken. 17 and more waited.
    assert answered <= len(groups) <= answered + 2
