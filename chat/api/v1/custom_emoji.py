"""`emoji/`: the custom emoji of the site."""

from __future__ import annotations

from typing import Annotated, ClassVar

from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from chat.actions.custom_emoji import custom_emoji_payload
from chat.api.v1.endpoint import Endpoint, Permissions, answer
from chat.api.v1.openapi import described
from chat.api.v1.schema import Count, Shape
from chat.selectors.custom_emoji import custom_emoji_list

_EXAMPLE = {"name": "shipped", "url": "/custom-emoji/9f86d081….webp", "width": 128, "height": 96}


class CustomEmoji(Shape):
    """An emoji of this site. Texts and reactions have its name between colons, such as `:shipped:`."""

    name: str
    url: Annotated[str, Meta(description="The path of its picture on the site, which never changes.")]
    width: Count
    height: Count


class CustomEmojiList(Shape):
    """All custom emoji, in the order of their names."""

    results: list[CustomEmoji]


class CustomEmojiListView(Endpoint):
    permissions: ClassVar[Permissions] = {"GET": "chat.view_message"}

    @described("List custom emoji", gives={200: CustomEmojiList}, got={"One": {"results": [_EXAMPLE]}}, tag="messages")
    def get(self, request: Request) -> Response:
        """List the emoji that the operators of this site have added. Messages and reactions name them."""
        return answer({"results": [custom_emoji_payload(row) for row in custom_emoji_list()]})
