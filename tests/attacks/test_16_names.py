"""Attack 16: names that resemble another's or contain invisible characters are refused on the wire as everywhere."""

from __future__ import annotations

import pytest

from accounts.actions import oauth_user_register, profile_update, user_register, user_update
from accounts.names import BadNickname
from accounts.oauth.identity import Identity, suggested_nickname
from tests.support.accounts import PASSWORD
from tests.support.shared_site import Clients, SharedSite

pytestmark = pytest.mark.each_database

HIDDEN = [
    "a\u202eb",
    "a\u200bb",
    "a\u200fb",
    "a\ufeffb",
    "a\u00adb",
    "a\u2066b",
    "a\u180eb",
    "a\u3164b",
    "a\x7fb",
    "a\x1bb",
    "a\nb",
    "a\u2028b",
    "\u0301a",
    "Z" + "\u0301" * 12,
    "a\U000e0041b",
    "a\ue000b",
]


@pytest.mark.parametrize("name", HIDDEN, ids=ascii)
async def test_invisible_and_bidirectional_characters_are_refused_in_names(clients: Clients, name: str) -> None:
    [alice] = await clients("alice")
    group = await alice.group()

    assert await (await clients.stranger()).code("login", appId=101, userId=name) == 1002
    assert await alice.code("channel.create", kind="public", name=name) == 1001
    assert await alice.code("channel.rename", target=group, name=name) == 1001


@pytest.mark.parametrize("name", ["👨‍👩‍👧 Family", "🏳️‍🌈 Club", "🏴󠁧󠁢󠁥󠁮󠁧󠁿 fans", "1️⃣ one", "علی‌رضا", "അനില്‍", "Jane 👩‍💻"])
async def test_names_that_need_joiners_are_valid(clients: Clients, name: str) -> None:
    [alice] = await clients("alice")
    group = await alice.group()

    login = await (await clients.stranger()).call("login", appId=101, userId=name)
    assert login["userId"] == name
    assert (await alice.call("channel.create", kind="public", name=name))["name"] == name
    assert (await alice.call("channel.rename", target=group, name=name))["name"] == name


@pytest.mark.parametrize("disguise", ["upper", "wide", "padded", "cyrillic"])
async def test_a_guest_name_cannot_resemble_an_account(
    clients: Clients, shared_site: SharedSite, disguise: str
) -> None:
    account = shared_site.account()
    name = {
        "upper": account.name.upper(),
        "wide": "".join(chr(ord(char) + 0xFEE0) for char in account.name),
        "padded": f"{account.name} ",
        "cyrillic": account.name.replace("a", "а"),
    }[disguise]
    assert name != account.name

    assert await (await clients.stranger()).code("login", appId=101, userId=name) == 1002


async def test_a_name_in_any_spelling_finds_the_same_user(clients: Clients, shared_site: SharedSite) -> None:
    [alice] = await clients("alice")
    bob = shared_site.account("bob")

    first = await alice.private(bob)
    wide = "".join(chr(ord(char) + 0xFEE0) for char in bob.name)
    for name in (bob.name.upper(), wide):
        again = await alice.call("channel.create", kind="private", members=[name])
        assert again["target"] == first and again["peer"]["userId"] == bob.name


@pytest.mark.parametrize("name", ["系统", "Admin", "s y s t e m", "ＳＹＳＴＥＭ", "administrator", "客服"])
async def test_a_guest_cannot_use_a_reserved_name(clients: Clients, name: str) -> None:
    assert await (await clients.stranger()).code("login", appId=101, userId=name) == 1002


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["系统", "Admin", "S y s t e m", "ＳＹＳＴＥＭ", "Support.", "客服"])
def test_only_an_operator_can_set_a_reserved_nickname(name: str) -> None:
    with pytest.raises(BadNickname):
        user_register(username="mallory", nickname=name, password=PASSWORD)
    identity = Identity("github", "7", "id", name=name, handle="mallory")
    assert suggested_nickname(identity) == "mallory"
    with pytest.raises(BadNickname):
        oauth_user_register(username="mallory", nickname=name, identity=identity, title="GitHub")

    mallory = user_register(username="mallory", password=PASSWORD)
    kept = {"language": "", "time_zone": "", "shares_read": True, "shares_presence": True}
    with pytest.raises(BadNickname):
        profile_update(user_id=mallory.pk, nickname=name, status_text="", **kept)
    user_update(user_id=mallory.pk, nickname=name, phone_number=None, email=None)
    assert profile_update(user_id=mallory.pk, nickname=name, status_text="at work", **kept).nickname == name
