"""Brings messages of an export into the bounds that the site's own messages keep."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from django.conf import settings
from msgspec.structs import replace

from accounts.joiners import cut
from chat.imports.records import MessageRecord
from chat.imports.report import Report
from delivery import log


def normalized(messages: Iterable[MessageRecord], report: Report) -> Iterator[MessageRecord]:
    """Yield the messages with times between 1970 and now. One with a long text or many files becomes several."""
    now = log.now_ms()
    for message in messages:
        if not 0 <= message.time <= now:
            report.problem("messages with a time in the future or before 1970, which got the nearest valid time")
            message = replace(message, time=min(max(message.time, 0), now))
        if message.edited_at:
            message = replace(message, edited_at=min(max(message.edited_at, message.time), now))
        text = message.text.replace("\r\n", "\n").replace("\0", "")
        reactions = message.reactions
        if len(reactions) > settings.IM_MAX_EMOJI_PER_MESSAGE:
            report.problem("messages with more different emoji than IM_MAX_EMOJI_PER_MESSAGE, which lost the last ones")
            reactions = reactions[: settings.IM_MAX_EMOJI_PER_MESSAGE]
        yield from _in_parts(replace(message, text=text, reactions=reactions), report)


def _in_parts(message: MessageRecord, report: Report) -> Iterator[MessageRecord]:
    texts = list(_pieces(message.text, settings.IM_MESSAGE_MAX_LENGTH))
    per_message = settings.IM_ATTACHMENTS_PER_MESSAGE
    files = [message.files[at : at + per_message] for at in range(0, len(message.files), per_message)] or [[]]
    if len(texts) == 1 and len(files) == 1:
        yield message
        return
    report.problem("messages that were longer than one may be here, and became several")
    yield replace(message, text=texts[0], files=files[0])
    for number in range(1, max(len(texts), len(files))):
        yield replace(
            message,
            key=f"{message.key}#{number}",
            text=texts[number] if number < len(texts) else "",
            files=files[number] if number < len(files) else [],
            reactions=[],
            pinned=False,
            reply_to="",
        )


def _pieces(text: str, limit: int) -> Iterator[str]:
    """Yield pieces of at most `limit` characters. Each ends with a line or a word if one ends in its second half."""
    start = 0
    while len(text) - start > limit:
        end = max(text.rfind("\n", start + limit // 2, start + limit), 0)
        end = end or max(text.rfind(" ", start + limit // 2, start + limit), 0)
        piece = (
            text[start : end + 1] if end else cut(text[start : start + limit + 1], limit) or text[start : start + limit]
        )
        yield piece
        start += len(piece)
    yield text[start:]
