"""Command `mail.digest`."""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from chat import errors
from chat.commands.registry import Call, command
from chat.mail_digest.actions import mail_digest_set
from chat.wire.schema import replies
from delivery.db.executors import run


class MailDigest(msgspec.Struct):
    hours: Annotated[Literal[0, 4, 24], Meta(description="At most one mail in so many hours; 0: none.")]


@command("mail.digest", returns=replies.MailDigest, fault=errors.STORE_FAILED)
async def set_mail_digest(call: Call, data: MailDigest) -> dict[str, Any]:
    """Choose how often you get a mail of the direct messages and mentions that you have missed."""
    await run(mail_digest_set, user=call.user, hours=data.hours)
    return {"hours": data.hours}
