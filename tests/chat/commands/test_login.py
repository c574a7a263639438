"""login authenticates a connection; other commands need it."""

from __future__ import annotations

import pytest

from tests.support.shared_site import APP_WITHOUT_GUESTS, DISABLED_APP, Clients, SharedSite

pytestmark = pytest.mark.each_database

ACCOUNT_KEYS = {"userId", "id", "name", "avatar", "kind", "appId", "appName", "target", "position"}


# -- login ------------------------------------------------------------------------------------------------------------


async def test_alice_logs_in_with_a_token(clients: Clients, shared_site: SharedSite) -> None:
    account = shared_site.account()
    alice = await clients.stranger()

    reply = await alice.call("login", serviceToken=account.token, appId=101, userId=account.name)

    assert set(reply) == ACCOUNT_KEYS
    assert (reply["userId"], reply["id"], reply["name"]) == (account.name, account.id, account.nickname)
    assert (reply["kind"], reply["appId"], reply["appName"]) == ("person", 101, "Web")
    assert isinstance(reply["target"], str) and isinstance(reply["position"], int)


async def test_alice_logs_in_with_her_browser_session(clients: Clients, shared_site: SharedSite) -> None:
    account = shared_site.account()
    alice = await clients.stranger(origin=shared_site.site.url, cookie=account.cookie)

    reply = await alice.call("login", appId=101)

    assert reply["id"] == account.id and set(reply) == ACCOUNT_KEYS


@pytest.mark.parametrize("spelling", ["appId", "appID"])
async def test_a_guest_logs_in_with_a_name(clients: Clients, shared_site: SharedSite, spelling: str) -> None:
    guest, name = await clients.stranger(), shared_site.guest_name("马远")

    reply = await guest.call("login", {spelling: 101, spelling.replace("app", "user"): name})

    assert set(reply) == ACCOUNT_KEYS | {"serviceToken"}
    assert (reply["userId"], reply["name"], reply["kind"]) == (name, name, "guest")


async def test_a_guest_returns_with_its_token(clients: Clients) -> None:
    guest = await clients.guest()
    again = await clients.again(guest)

    assert (again.id, again.name) == (guest.id, guest.name)
    assert "serviceToken" not in again.received[0].data


async def test_two_guests_with_one_name_are_two_senders(clients: Clients, shared_site: SharedSite) -> None:
    name = shared_site.guest_name()
    one, other = await clients.guest(name), await clients.guest(name)

    assert one.id != other.id
    sent = await one.say(one.room)
    push = await other.push("msg", id=sent["id"])
    assert (push.data["from"], push.data["fromId"]) == (name, one.id)


@pytest.mark.parametrize("name", ["夏圭？", "a b", "null", "101", "<b>x</b>", "O'Hara", "x" * 19, "马" * 19])
async def test_a_guest_name_is_echoed_unchanged(clients: Clients, name: str) -> None:
    guest = await clients.guest(name)

    assert guest.name == name


@pytest.mark.parametrize(
    "name", ["", " ", "x" * 20, "马" * 20, "x" * 5000, "a\u202eb", "a\u200bb", "a\0b", " a", "system"]
)
async def test_an_invalid_guest_name_is_an_illegal_user_id(clients: Clients, name: str) -> None:
    assert await (await clients.stranger()).code("login", appId=101, userId=name) == 1002


async def test_a_login_without_name_token_and_cookie_is_an_illegal_user_id(clients: Clients) -> None:
    assert await (await clients.stranger()).code("login", appId=101) == 1002
    assert await (await clients.stranger()).code("login", appId=101, userId=None) == 1002


async def test_a_guest_cannot_use_the_name_of_an_account(clients: Clients, shared_site: SharedSite) -> None:
    account = shared_site.account()
    for name in (account.name, account.name.upper()):
        assert await (await clients.stranger()).code("login", appId=101, userId=name) == 1002


@pytest.mark.parametrize("app", [1, 0, -5, 999, 2**31, 2**63, DISABLED_APP])
async def test_an_unknown_or_disabled_app_is_not_authorised(
    clients: Clients, shared_site: SharedSite, app: int
) -> None:
    guest, alice = await clients.stranger(), await clients.stranger()

    assert await guest.refusal("login", appId=app, userId=shared_site.guest_name()) == (1003, "unknown_app")
    assert await alice.code("login", appId=app, serviceToken=shared_site.account().token) == 1003


@pytest.mark.parametrize("app", [None, "", "web", 1.5, [], {}, True])
async def test_an_app_that_is_not_a_number_is_an_illegal_parameter(clients: Clients, app: object) -> None:
    assert await (await clients.stranger()).code("login", appId=app, userId="x") == 1001


async def test_an_app_without_guests_accepts_accounts_only(clients: Clients, shared_site: SharedSite) -> None:
    assert (
        await (await clients.stranger()).code("login", appId=APP_WITHOUT_GUESTS, userId=shared_site.guest_name())
        == 1003
    )
    assert (await clients.login(shared_site.account(), app=APP_WITHOUT_GUESTS)).app == APP_WITHOUT_GUESTS


@pytest.mark.parametrize("token", ["wrong", "x" * 64, "马", "a\0b", "' OR 1=1"])
async def test_a_wrong_token_is_not_authorised(clients: Clients, token: str) -> None:
    assert await (await clients.stranger()).code("login", appId=101, serviceToken=token, userId="somebody") == 1003


async def test_a_name_of_another_user_is_an_illegal_user_id(clients: Clients, shared_site: SharedSite) -> None:
    alice, bob = shared_site.account("alice"), shared_site.account("bob")

    by_token = await clients.stranger()
    assert await by_token.code("login", appId=101, serviceToken=alice.token, userId=bob.name) == 1002
    assert await by_token.code("login", appId=101, serviceToken=alice.token, userId="") == 1002
    by_cookie = await clients.stranger(origin=shared_site.site.url, cookie=alice.cookie)
    assert await by_cookie.code("login", appId=101, userId=bob.name) == 1002
    assert await by_cookie.code("login", appId=101, userId=alice.name) == 200


async def test_a_login_can_be_retried_after_a_refusal(clients: Clients, shared_site: SharedSite) -> None:
    person = await clients.stranger()

    assert await person.code("login", appId=101, serviceToken="wrong") == 1003
    assert await person.code("login", appId=999, userId="x") == 1003
    assert await person.code("login", appId=101, serviceToken=shared_site.account().token) == 200


async def test_a_second_login_on_a_connection_fails(clients: Clients, shared_site: SharedSite) -> None:
    [alice] = await clients("alice")

    assert await alice.code("login", appId=101, serviceToken=alice.token) == 1009
    assert await alice.code("login", appId=102, serviceToken=shared_site.account("bob").token) == 1009
    assert await alice.code("heartbeat") == 200


async def test_two_concurrent_logins_authenticate_one_user(clients: Clients, shared_site: SharedSite) -> None:
    person = await clients.stranger()
    first = await person.post("login", appId=101, serviceToken=shared_site.account("alice").token)
    second = await person.post("login", appId=101, serviceToken=shared_site.account("bob").token)

    assert ((await first).code, (await second).code) == (200, 1009)


async def test_extra_fields_of_a_login_give_no_permissions(clients: Clients, shared_site: SharedSite) -> None:
    guest = await clients.stranger()

    reply = await guest.call(
        "login", appId=101, userId=shared_site.guest_name(), is_staff=True, kind="person", id="1", role="owner"
    )

    assert reply["kind"] == "guest" and reply["id"] != "1"
    assert await guest.code("channel.create", kind="public", name="Mine") == 1003


# -- before login -----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("data", [{}, None, {"any": ["thing"]}, ["thing"], "thing", 5, False])
async def test_ping_is_answered_before_and_after_login(clients: Clients, shared_site: SharedSite, data: object) -> None:
    person = await clients.stranger()
    await person.send({"seq": "before", "cmd": "ping", "data": data})
    assert (await person.reply("before")).data == "pong"

    await person.enter({"appId": 101, "userId": shared_site.guest_name()})
    await person.send({"seq": "after", "cmd": "ping", "data": data})
    assert (await person.reply("after")).data == "pong"


async def test_a_null_token_is_no_token(clients: Clients, shared_site: SharedSite) -> None:
    person = await clients.stranger()

    reply = await person.call("login", appId=101, userId=shared_site.guest_name(), serviceToken=None)
    assert reply["kind"] == "guest"


@pytest.mark.parametrize(
    "cmd",
    """heartbeat sync message.send message.history message.get message.edit message.recall channel.list channel.get
    channel.create channel.join channel.leave channel.invite channel.remove channel.rename channel.role channel.policy
    channel.members channel.search presence.list person.search app.list read.mark""".split(),
)
async def test_other_commands_need_a_login(clients: Clients, cmd: str) -> None:
    stranger = await clients.stranger()

    assert await stranger.refusal(cmd, target="1") == (1000, "login_required")


@pytest.mark.parametrize("cmd", ["message", "Login", "LOGIN", "login ", "__class__", "msg", "x" * 64, "马"])
async def test_an_unknown_command_is_answered_as_such(clients: Clients, cmd: str) -> None:
    [alice] = await clients("alice")

    assert await alice.code(cmd) == 1010
    assert await (await clients.stranger()).code(cmd) == 1010
