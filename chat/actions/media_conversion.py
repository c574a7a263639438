"""Gives pictures and voice messages that have their content in the message's row a file instead.

Former versions stored them so, in Base64. Each message is converted in a transaction of its own, and its client sees it
before or after: the site may run meanwhile, and a conversion that ends early goes on with the next one.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterator

from django.db.models import QuerySet

from chat import payloads
from chat.actions.inline_media import inline_media_discard, inline_media_store
from chat.actions.redaction import messages_redact
from chat.attachments.inspection import Inline
from chat.models import Attachment, Channel, InlineMedia, Message
from chat.search.index import index_update
from delivery import log
from delivery.db.transactions import write

_PAGE_SIZE = 500


def unconverted_messages() -> QuerySet[Message]:
    """Return the messages that still have their content in their row."""
    return Message.objects.filter(type__in=InlineMedia.Type.values, recalled_at=None).exclude(text="")


def unconverted_ids() -> Iterator[int]:
    """Yield the ids of the unconverted messages, oldest first. Reads the table of messages once."""
    after = 0
    while page := list(
        unconverted_messages().filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:_PAGE_SIZE]
    ):
        yield from page
        after = page[-1]


def message_convert(*, message_id: int) -> bool:
    """Give the message its file; return False if it was converted, recalled or deleted meanwhile.

    Quotas do not count here. Raises ChatError FILE_TYPE_REFUSED and STORAGE_UNAVAILABLE; the message then stays as it
    is.
    """
    row = unconverted_messages().filter(pk=message_id).first()
    if row is None:
        return False
    content = base64_content(row.text)
    with write():
        upload = Attachment.objects.create(uploader_id=row.sender_id, size=len(content), created_at=log.now_ms())
    stored = inline_media_store(upload=upload, inline=Inline(row.type, content))
    if _link(row, stored):
        return True
    inline_media_discard([stored.key])
    return False


def base64_content(text: str) -> bytes:
    """Return the content of a picture or voice message from its row."""
    try:
        return base64.b64decode(text)
    except (binascii.Error, ValueError):
        return text.encode()


def _link(row: Message, stored: Attachment) -> bool:
    with write():
        # A recall comes before or after: it holds the channel's lock from reading the message to changing it.
        Channel.objects.select_for_update(no_key=True).filter(pk=row.channel_id).first()
        # So does the retention, which locks the message.
        message = unconverted_messages().select_for_update(no_key=True).filter(pk=row.pk).first()
        if message is None:
            return False
        # The clean-up spares the file of a message, however old it is.
        stored.message, stored.created_at = message, message.time
        stored.save(update_fields=["message", "created_at"])
        message.type, message.text, message.attachments = "file", "", [payloads.attachment(stored)]
        message.save(update_fields=["type", "text", "attachments"])
        index_update([message])
        shown = payloads.message(message, message.sender)
        messages_redact({message.pk: {name: shown[name] for name in ("type", "msg", "content", "attachments")}})
    return True
