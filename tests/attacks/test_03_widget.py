"""Attack 3, a page that embeds one channel: its connection may do little, and only in that channel.

A command of the registry without an entry in `chat.commands.widget_rights` is refused.
"""

from __future__ import annotations

import httpx
import pytest
from websockets.exceptions import InvalidStatus

from chat.commands.registry import COMMANDS
from chat.commands.widget_rights import WIDGET_COMMANDS
from tests.attacks.test_01_origin import FOREIGN
from tests.attacks.test_03_matrix import MATRIX, fill_in
from tests.support.polling import PollingCaller, PollingSocket, over_http
from tests.support.shared_site import FOREIGN_ORIGIN, Clients, SharedSite, UserClient
from tests.support.widgets import frames_text, widget, widget_token, widget_url

ALLOWED = {
    "ping": 200,
    "heartbeat": 200,
    "sync": 200,
    "emoji.list": 200,
    "login": 1009,
    "widget.renew": 1003,
    "channel.get": 200,
    "message.history": 200,
    "message.get": 200,
    "message.send": 200,
    "message.edit": 1003,
    "message.recall": 1003,
    "message.react": 200,
    "message.unreact": 200,
    "read.mark": 200,
    "typing": 200,
}
"""The code of each allowed command for a member, with the fields of the matrix: the message is another user's."""


def test_each_allowed_command_is_listed_here_and_names_its_channel() -> None:
    assert set(ALLOWED) == set(WIDGET_COMMANDS)
    without_channel = {name for name, fields in WIDGET_COMMANDS.items() if "target" not in fields}
    assert without_channel == {"ping", "heartbeat", "sync", "emoji.list", "login", "widget.renew"}
    for name, fields in WIDGET_COMMANDS.items():
        assert fields <= set(COMMANDS[name].takes.__struct_fields__), name


async def test_a_widget_may_use_its_commands_only_and_only_in_its_channel(
    clients: Clients, shared_site: SharedSite
) -> None:
    alice, bob = await clients("alice", "bob")
    shown, hidden = await alice.group(bob), await alice.group(bob)
    messages = {group: (await alice.say(group))["id"] for group in (shown, hidden)}
    embedded = await widget(clients, bob, shown)
    found, elsewhere = {}, {}
    for cmd in sorted(COMMANDS):
        fields, _ = MATRIX[cmd]
        names = dict.fromkeys(("$victim", "$outsider", "$fresh"), "bob1")
        if cmd == "login":
            fields = {"appId": 101, "serviceToken": "x"}
        values = {"$target": shown, "$message": messages[shown], "$thread": messages[shown], "$own": "1", **names}
        envelope = await embedded.request(cmd, fill_in(fields, values))
        found[cmd] = envelope.code if cmd in ALLOWED else envelope.reason
        if "target" in WIDGET_COMMANDS.get(cmd, ()):
            values |= {"$target": hidden, "$message": messages[hidden]}
            elsewhere[cmd] = (await embedded.refusal(cmd, **fill_in(fields, values)))[1]

    assert found == {cmd: ALLOWED.get(cmd, "widget_command") for cmd in COMMANDS}
    assert set(elsewhere.values()) == {"channel_not_found"}
    refused = await embedded.refusal("message.send", msg="x", attachments=["y"])
    assert refused[1] == "attachment_not_found", "the page cannot show other files of the user to the channel"
    assert (await embedded.call("message.send", msg="hello"))["target"] == shown


async def test_a_widget_receives_the_events_of_its_channel_only(clients: Clients) -> None:
    alice, bob, carol = await clients("alice", "bob", "carol")
    shown, hidden = await alice.group(bob), await alice.group(bob)
    embedded = await widget(clients, bob, shown)
    await alice.say(hidden, "secret")
    await alice.say(await alice.private(bob), "secret")
    await alice.say(alice.room, "secret")
    await carol.group(bob, name="secret")
    await carol.call("friend.request", userId=bob.name)
    await bob.call("read.mark", target=hidden, seq=1)
    await bob.call("dnd.set", seconds=60)
    await alice.say(shown, "for all")
    await bob.call("read.mark", target=shown, seq=1)

    assert (await embedded.push("msg")).data["msg"] == "for all"
    assert (await embedded.push("read.mark")).data == {"target": shown, "readSeq": 1}
    assert await embedded.settle() == []
    assert (await embedded.call("sync", after=0))["reset"], "a replay would have the events of all channels"
    assert "secret" not in frames_text(embedded)


async def test_leaving_ends_the_widget_and_its_token(clients: Clients, shared_site: SharedSite) -> None:
    alice, bob = await clients("alice", "bob")
    group = await alice.group(bob)
    token = widget_token(shared_site, bob.id, group)
    embedded = await widget(clients, bob, group)

    await alice.call("channel.remove", target=group, member=bob.name)

    assert await embedded.closed() == 4001
    again = await clients.stranger(at=widget_url(shared_site), origin=FOREIGN_ORIGIN)
    assert await again.refusal("login", appId=101, serviceToken=token) == (1005, "channel_not_found")


async def test_deactivation_ends_the_widget_and_its_token(clients: Clients, shared_site: SharedSite) -> None:
    alice, bob = await clients("alice", "bob")
    group = await alice.group(bob)
    token = widget_token(shared_site, bob.id, group)
    embedded = await widget(clients, bob, group)

    shared_site.shell(f"from accounts.actions import user_deactivate as end; end(user_id={bob.id})")

    assert await embedded.closed() == 4001
    again = await clients.stranger(at=widget_url(shared_site), origin=FOREIGN_ORIGIN)
    assert await again.refusal("login", appId=101, serviceToken=token) == (1003, "widget_token_invalid")


async def test_a_token_is_refused_elsewhere(clients: Clients, shared_site: SharedSite) -> None:
    alice, bob = await clients("alice", "bob")
    group = await alice.group(bob)
    token = widget_token(shared_site, bob.id, group)
    url = widget_url(shared_site)

    own_page = await clients.stranger(at=url, origin=shared_site.site.url)
    assert await own_page.refusal("login", appId=101, serviceToken=token) == (1003, "widget_token_origin")
    page = await clients.stranger(at=url, origin=FOREIGN_ORIGIN)
    for wrong, reason in {
        "": "widget_token_invalid",
        token[:-1]: "widget_token_invalid",
        "马远": "widget_token_invalid",
        bob.token: "widget_token_invalid",
        widget_token(shared_site, bob.id, group, expired=True): "widget_token_expired",
        widget_token(shared_site, clients.shared_site.account("carol").id, group): "channel_not_found",
    }.items():
        assert (await page.refusal("login", appId=101, serviceToken=wrong))[1] == reason
    for connection in (await clients.stranger(), await clients.stranger(at=url.replace("/widget", "/acc"))):
        assert (await connection.refusal("login", appId=101, serviceToken=token))[1] == "invalid_token"


async def test_the_users_cookie_counts_for_nothing(clients: Clients, shared_site: SharedSite) -> None:
    account = shared_site.account()
    how = {"at": widget_url(shared_site), "origin": shared_site.site.url, "cookie": account.cookie}

    page = await clients.stranger(**how)

    assert await page.refusal("login", appId=101) == (1003, "widget_token_invalid")
    assert (await page.refusal("login", appId=101, userId=shared_site.guest_name()))[1] == "widget_command"


@pytest.mark.parametrize("origin", [*FOREIGN, None])
async def test_a_page_of_another_origin_and_a_program_are_refused(
    clients: Clients, shared_site: SharedSite, origin: str | None
) -> None:
    origin = origin and origin.format(port=shared_site.site.port)
    with pytest.raises(InvalidStatus) as answer:
        await clients.stranger(at=widget_url(shared_site), origin=origin)
    assert answer.value.response.status_code == 403


async def test_a_token_is_renewed_on_the_same_connection(clients: Clients, shared_site: SharedSite) -> None:
    alice, bob = await clients("alice", "bob")
    group, other = await alice.group(bob), await alice.group(bob)
    embedded = await widget(clients, bob, group)

    renewed = await embedded.call("widget.renew", serviceToken=widget_token(shared_site, bob.id, group))
    assert renewed["expires"] > 1_700_000_000_000
    for user, channel in ((alice.id, group), (bob.id, other)):
        wrong = widget_token(shared_site, user, channel)
        assert (await embedded.refusal("widget.renew", serviceToken=wrong))[1] == "widget_token_invalid"


@pytest.mark.parametrize("origin", [*FOREIGN, None])
async def test_a_page_of_another_origin_and_a_program_cannot_poll(shared_site: SharedSite, origin: str | None) -> None:
    headers = {"Origin": origin.format(port=shared_site.site.port)} if origin else {}
    async with httpx.AsyncClient(trust_env=False) as http:
        caller = PollingCaller(over_http(http, shared_site.site.url, path="/widget"), **headers)
        assert await caller.open() == (403, {"reason": "foreign_origin"})
        asked = await http.options(f"{shared_site.site.url}/widget/polling/open", headers=headers)
    assert asked.status_code == 405
    assert not [name for name in asked.headers if name.startswith("access-control")]


async def test_a_polling_widget_may_do_as_little_and_is_of_no_use_to_another_page(
    clients: Clients, shared_site: SharedSite
) -> None:
    alice, bob = await clients("alice", "bob")
    shown, hidden = await alice.group(bob), await alice.group(bob)
    token = widget_token(shared_site, bob.id, shown)
    site = shared_site.site.url
    async with httpx.AsyncClient(trust_env=False) as http:
        post = over_http(http, site, path="/widget")
        embedded = UserClient(await PollingSocket.open(post, Origin=FOREIGN_ORIGIN))  # type: ignore[arg-type]
        await embedded.enter({"appId": 101, "serviceToken": token})
        assert (await embedded.refusal("channel.list"))[1] == "widget_command"
        assert (await embedded.refusal("message.send", target=hidden, msg="x"))[1] == "channel_not_found"
        assert (await embedded.call("message.send", msg="hello"))["target"] == shown

        for path, headers in (
            ("/widget", {"Origin": site}),
            ("/acc", {"Origin": site, "Cookie": f"sessionid=;{FOREIGN_ORIGIN}"}),
            ("/acc", {}),
        ):
            thief = PollingCaller(over_http(http, site, path=path), **headers)
            thief.connection = embedded._socket._caller.connection  # type: ignore[attr-defined]
            for action in ("poll", "send", "close"):
                assert (await thief.call(action))[0] == 404
        own_page = UserClient(await PollingSocket.open(post, Origin=site))  # type: ignore[arg-type]
        assert await own_page.refusal("login", appId=101, serviceToken=token) == (1003, "widget_token_origin")
        await own_page.close()
        await embedded.close()
