"""The data of a user whose page is measured: many groups, and a private channel with many messages."""

from __future__ import annotations

import asyncio
import secrets
from dataclasses import dataclass

from imsite.client import Client, OutgoingMessage, Recipient
from tests.load.pressure.target import Target
from tests.support.accounts import register

_BULK = 1000
"""Messages of one call."""
_AT_ONCE = 20
"""Groups created at once."""
TEXTS = (
    "Good morning",
    "The **second** draft is in the folder, see https://docs.example/drafts/2 for what has changed since Monday.",
    "明天下午三点开会，请大家准时参加。",
    "Thanks! 🎉",
    "```\nfor line in open(path):\n    print(line.rstrip())\n```",
    "I would rather wait until the printer has sent the proofs: the last ones were too dark, and nobody noticed it "
    "before they hung on the wall.",
)


@dataclass(frozen=True)
class PageData:
    """The measured user's session, and the colleague whose messages arrive."""

    session: str
    """Key of the user's browser session."""
    colleague_token: str
    groups: list[str]
    """Ids of the groups of both, in the order of their creation."""
    long_channel: str
    """Id of the private channel with many messages."""


async def populate(target: Target, *, channels: int, messages: int) -> PageData:
    """Create two accounts, their groups with a message each, and a private channel with this many messages."""
    site = target.site
    assert site is not None
    mark = secrets.token_hex(4)
    user, colleague = f"reader-{mark}", f"writer-{mark}"
    tokens = await asyncio.to_thread(register, site, [user, colleague])
    async with Client(site.url, token=tokens[colleague]) as client, client.listen() as line:

        async def create_group(number: int) -> str:
            made = await line.call("channel.create", kind="public", name=f"Project {number}", members=[user])
            await line.send(TEXTS[number % len(TEXTS)], target=made["target"])
            return str(made["target"])

        groups: list[str] = []
        for first in range(0, channels, _AT_ONCE):
            numbers = range(first, min(channels, first + _AT_ONCE))
            groups += await asyncio.gather(*(create_group(number) for number in numbers))
    async with Client(site.url, token=target.tokens[0]) as service:
        long_channel = ""
        for first in range(0, messages, _BULK):
            sent = await service.send_many(
                [
                    OutgoingMessage(f"{number}: {TEXTS[number % len(TEXTS)]}", Recipient.user(user))
                    for number in range(first, min(messages, first + _BULK))
                ]
            )
            last = sent[-1]
            assert isinstance(last, list), last
            long_channel = last[0].target
    return PageData(site.sessions.pop(user), tokens[colleague], groups, long_channel)
