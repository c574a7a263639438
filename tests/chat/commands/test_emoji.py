"""Users list the custom emoji of the site and react with them."""

from __future__ import annotations

import pytest

from tests.support.call_socket import both_codecs
from tests.support.shared_site import Clients, SharedSite

pytestmark = pytest.mark.each_database


@both_codecs
async def test_alice_reacts_with_a_custom_emoji(clients: Clients, shared_site: SharedSite) -> None:
    alice, bob = await clients("alice", "bob")
    name = f"shipped{alice.id}"
    shared_site.shell(
        "from accounts.actions import system_user; from chat.actions.custom_emoji import custom_emoji_create;"
        "from chat.attachments.emoji_picture import EmojiPicture;"
        f"custom_emoji_create(by=system_user(), name='{name}', picture=EmojiPicture(b'x', 9, 8))"
    )
    assert (await bob.push("emoji.changed", name=name)).data["emoji"]["width"] == 9
    listed = (await alice.call("emoji.list"))["emoji"]
    assert [one for one in listed if one["name"] == name] == [
        {
            "name": name,
            "url": f"/custom-emoji/{'2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881'}.webp",
        }
        | {"width": 9, "height": 8}
    ]
    target = await alice.group(bob)
    sent = await alice.say(target, f"done :{name}:")
    assert (await bob.call("message.react", target=target, id=sent["id"], emoji=f":{name}:"))["count"] == 1
    assert (await alice.push("message.reacted", id=sent["id"])).data["emoji"] == f":{name}:"
