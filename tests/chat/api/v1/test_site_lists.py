"""A service lists the custom emoji and the slash commands of the site."""

from __future__ import annotations

from accounts.models import User
from chat.actions.custom_emoji import custom_emoji_create
from chat.attachments.emoji_picture import EmojiPicture
from tests.chat.api.conftest import Grant
from tests.chat.api.v1.conftest import Caller
from tests.support.slash import make_command


def test_the_shop_lists_emoji_and_commands(alice: User, shop: User, grant: Grant) -> None:
    picture = EmojiPicture(b"x", 9, 8)
    custom_emoji_create(by=alice, name="shipped", picture=picture)
    command = make_command(alice, "http://127.0.0.1:9/")
    caller = Caller(grant(shop, "view_message", "view_slashcommand"))
    url = f"/custom-emoji/{picture.sha256}.webp"
    assert caller.get("emoji/").data == {"results": [{"name": "shipped", "url": url, "width": 9, "height": 8}]}
    shown = {"name": "deploy", "hint": "<branch>", "description": "Deploy a branch.", "enabled": True}
    assert caller.get("slash-commands/").data == {"results": [{"id": str(command.pk)} | shown]}
