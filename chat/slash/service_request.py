"""The signed request that tells a service of a call, and the answer in its response."""

from __future__ import annotations

import time
from typing import Any, Literal

import msgspec
import orjson
from django.conf import settings

from chat import payloads, rules
from chat.models import Channel, SlashCommand, SlashRun
from chat.slash.call import SlashCall
from chat.slash.response_urls import response_url
from chat.webhooks.outgoing import signature
from delivery.outbound import http_client
from delivery.outbound.http_client import HttpResult


class ServiceAnswer(msgspec.Struct):
    """A service's answer. `ephemeral`: only the caller sees it, not stored. `posted`: a message of the bot."""

    text: str
    type: Literal["ephemeral", "posted"] = "ephemeral"


def request_body(command: SlashCommand, run: SlashRun, call: SlashCall, channel: Channel) -> bytes:
    """Return the body that the service gets, as the OpenAPI document describes it."""
    body: dict[str, Any] = {
        "command": f"/{command.name}",
        "text": call.arguments,
        "target": str(channel.pk),
        "channel": {"kind": channel.kind, "name": channel.name},
        "user": payloads.person(call.user),
        "appId": call.app,
        "runId": str(run.pk),
        "time": run.created_at,
        "responseUrl": response_url(run),
    }
    if run.thread is not None:
        body["threadId"] = str(run.thread)
    return orjson.dumps(body)


async def send(command: SlashCommand, body: bytes) -> HttpResult:
    """POST a signed body to the command's URL, and read its answer."""
    signed = signature.headers(command.secret, body, time.time())
    headers = {"Content-Type": "application/json", "User-Agent": "imsite-slash-command", **signed}
    return await http_client.post(
        command.url, body, headers, timeout=settings.IM_SLASH_TIMEOUT, max_answer_bytes=settings.IM_SLASH_MAX_BYTES
    )


def parse_answer(raw: bytes) -> ServiceAnswer:
    """Return the answer with a checked text.

    Raise msgspec.MsgspecError, or ChatError for a text that no message can have.
    """
    answer = msgspec.json.decode(raw, type=ServiceAnswer)
    answer.text = rules.check_text(answer.text, limit=settings.IM_MESSAGE_MAX_LENGTH)
    return answer
