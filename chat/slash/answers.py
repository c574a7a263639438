"""Gives a service's answer to the caller alone, or posts it as a message of the command's bot."""

from __future__ import annotations

from typing import Any

from chat import payloads
from chat.actions.message import message_draft
from chat.models import SlashRun
from chat.sending.drafts import Draft
from chat.wire.schema.events import SLASH_ANSWER
from delivery import log, publish
from delivery.log import Entry

FAILURES = {
    "timeout": "/%s did not answer in time.",
    "failed": "/%s could not be reached, or failed.",
    "invalid": "/%s answered something that cannot be shown.",
    "refused": "/%s may not post its answer here.",
    "busy": "/%s is busy. Try again in a moment.",
}
"""English texts for the caller, by the key of the failure. `%s` is the command's name."""


def tell_caller(run: SlashRun, text: str, *, failure: str = "") -> None:
    """Push a text to all connections of the caller. Nothing is stored, so a caller who has gone does not get it."""
    body: dict[str, Any] = {
        "target": str(run.channel_id),
        "runId": str(run.pk),
        "command": run.command.name,
        "text": text,
        "by": payloads.person(run.command.bot),
        "time": log.now_ms(),
    }
    if run.thread is not None:
        body["threadId"] = str(run.thread)
    if failure:
        body["failure"] = failure
    publish.push_transient(Entry(kind=SLASH_ANSWER.name, user_ids=(run.user_id,), body=body))


def tell_failure(run: SlashRun, failure: str) -> None:
    """Tell the caller why there is no answer."""
    tell_caller(run, FAILURES[failure] % run.command.name, failure=failure)


def posted_draft(run: SlashRun, text: str) -> Draft:
    """Return the draft of an answer that everyone in the channel sees. Its bot needs the right to send there."""
    return message_draft(
        sender=run.command.bot_id,
        channel=run.channel_id,
        text=text,
        thread=run.thread,
        thread_only=run.thread is not None,
    )
