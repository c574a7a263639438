"""Commands `slash.*` and `dnd.set`."""

from __future__ import annotations

from datetime import timedelta
from typing import Annotated, Any

import msgspec
from django.utils import timezone
from msgspec import Meta

from chat import errors, rules
from chat.actions.do_not_disturb import do_not_disturb_payload, do_not_disturb_set
from chat.commands.fields import ChannelTarget, Id
from chat.commands.registry import Call, command
from chat.selectors import access_channel
from chat.slash.call import SlashCall
from chat.slash.listing import slash_list
from chat.slash.parser import MAX_DURATION_SECONDS, parse
from chat.slash.runs import slash_run
from chat.wire.schema import marks, replies
from delivery.db.executors import run
from delivery.rate_limits.declared import SENDS


class SlashRun(msgspec.Struct):
    target: Id
    text: Annotated[str, Meta(description="The command with its slash and arguments.")]
    threadId: Annotated[Id, Meta(description="The message in whose thread it is called.")] | None = None
    clientMsgId: str | None = None


@command("slash.list", returns=replies.SlashCommandList, guests=True)
async def list_slash_commands(call: Call, data: ChannelTarget) -> dict[str, Any]:
    """List the slash commands that you can call in a channel."""

    def read() -> list[dict[str, Any]]:
        access = access_channel(call.user, data.target, app=call.caller.app)
        return slash_list(call.user, access, call.caller.app)

    return {"commands": await run(read)}


@command("slash.run", returns=replies.SlashResult, fault=errors.STORE_FAILED, guests=True, limit=SENDS)
async def run_slash_command(call: Call, data: SlashRun) -> dict[str, Any]:
    """Call a slash command, such as `/invite @bob`.

    An unknown one is refused, and nothing is sent. The same `clientMsgId` again runs nothing twice. A service is asked
    after the reply. Its answer for you alone, or its failure, comes as `slash.answer`, one for everyone as a message.
    """
    parsed = parse(data.text)
    return await slash_run(
        SlashCall(
            user=call.user,
            app=call.caller.app,
            channel_id=data.target,
            name=parsed.name,
            arguments=parsed.arguments,
            thread_id=data.threadId,
            client_id=rules.check_client_id(data.clientMsgId),
        )
    )


class DoNotDisturb(msgspec.Struct):
    seconds: Annotated[int, Meta(ge=0, le=MAX_DURATION_SECONDS, description="From now on; 0 ends it.")]


@command("dnd.set", returns=marks.DoNotDisturb, fault=errors.STORE_FAILED)
async def set_do_not_disturb(call: Call, data: DoNotDisturb) -> dict[str, Any]:
    """Ask not to be disturbed for a while. All your connections get `dnd.changed`."""
    until = timezone.now() + timedelta(seconds=data.seconds) if data.seconds else None
    await run(do_not_disturb_set, user=call.user, until=until)
    return do_not_disturb_payload(until)
