"""Previews of the links in messages: stores loaded pages, and shows, changes and removes the previews of a message."""

from __future__ import annotations

import hashlib
import logging
from collections.abc import Sequence
from dataclasses import dataclass

from django.conf import settings

from accounts.models import User
from chat import payloads, reasons, rules
from chat.actions.attachment_access import views_all_messages
from chat.actions.message import message_event
from chat.actions.redaction import messages_redact
from chat.actions.service_access import access_for_service
from chat.attachments import storage
from chat.attachments.inspection import Thumbnail
from chat.attachments.spool import LocalFile
from chat.errors import ChatError
from chat.models import Channel, LinkPreview, Message, MessagePreview
from chat.selectors import Access, access_message
from chat.wire.schema.events import MESSAGE_PREVIEWED
from delivery import log, publish
from delivery.db.transactions import write

logger = logging.getLogger(__name__)

_HOUR_MS = 3_600_000
_BATCH_SIZE = 100


@dataclass(frozen=True, slots=True)
class LinkingText:
    """The present text of a message. `is_wanted`: its links get previews; else those that it shows are outdated."""

    text: str
    sender: int
    is_wanted: bool
    has_previews: bool


def text_to_preview(message_id: int) -> LinkingText | None:
    """Return the message's text; None if it neither gets nor shows previews.

    Its channel decides whether it gets any, and in a private channel its sender.
    """
    row = Message.objects.select_related("channel", "sender").filter(pk=message_id, recalled_at=None).first()
    if row is None or row.type not in ("text", "file"):
        return None
    is_private = row.channel.kind == Channel.Kind.PRIVATE
    is_wanted = row.sender.previews_private_links if is_private else row.channel.shows_link_previews
    has_previews = bool(row.previews)
    return LinkingText(row.text, row.sender_id, is_wanted, has_previews) if is_wanted or has_previews else None


def known_previews(addresses: Sequence[str]) -> dict[str, LinkPreview]:
    """Return the previews of pages that were loaded within IM_LINK_PREVIEW_HOURS, by address, without title too."""
    since = log.now_ms() - settings.IM_LINK_PREVIEW_HOURS * _HOUR_MS
    hashes = [_hash(address) for address in addresses]
    rows = LinkPreview.objects.filter(address_hash__in=hashes, loaded_at__gte=since, is_ready=True)
    return {row.address: row for row in rows.order_by("loaded_at", "pk")}


def preview_store(
    *, address: str, title: str, description: str, site_name: str, thumbnail: Thumbnail | None
) -> LinkPreview:
    """Store what a page said of itself. Without a title it is remembered as a page that shows nothing."""
    row = LinkPreview(
        address=address,
        address_hash=_hash(address),
        title=title,
        description=description,
        site_name=site_name,
        loaded_at=log.now_ms(),
        is_ready=thumbnail is None,
    )
    if thumbnail is None:
        row.save()
        return row
    row.picture, row.width, row.height = storage.new_preview_name(), thumbnail.width, thumbnail.height
    try:
        row.save()
        storage.save(row.picture, LocalFile(thumbnail.content.path))
        row.is_ready = True
        row.save(update_fields=["is_ready"])
    finally:
        thumbnail.content.discard()
    return row


def message_set_previews(*, message_id: int, text: str, previews: Sequence[LinkPreview]) -> None:
    """Show these previews with the message, but for those of pages whose preview was removed from it.

    Nothing happens if `text` is not the message's text any more, or if it shows these previews already.
    """
    with write():
        found = Message.objects.filter(pk=message_id).values("channel")
        channel = Channel.objects.select_for_update(no_key=True).filter(pk__in=found).first()
        message = Message.objects.filter(pk=message_id, recalled_at=None).first()
        if channel is None or message is None or message.text != text:
            return
        removed = MessagePreview.objects.filter(message=message, is_removed=True)
        hidden = set(removed.values_list("preview__address", flat=True))
        shown = [row for row in previews if row.title and row.address not in hidden]
        if [row.address for row in shown] == [item["url"] for item in message.previews or ()]:
            return
        MessagePreview.objects.filter(message=message, is_removed=False).delete()
        MessagePreview.objects.bulk_create(MessagePreview(message=message, preview=row) for row in shown)
        message.previews = [payloads.link_preview(row, message.pk) for row in shown]
        _announce(message, Access(channel, None), "")


def message_remove_preview(
    *, user: User, channel_id: int, message_id: int, preview_id: str, app: int | None, origin: str = ""
) -> tuple[Message, int | None]:
    """Remove a preview from the user's own message, or from any message of a group that the user manages.

    Return the message and the position of the event; None if it does not show that preview.
    """
    with write():
        access = access_for_service(user, channel_id, app=app, lock=True)
        message = access_message(user, access, message_id)
        if message.sender_id != user.pk:
            rules.require_manager(access.role)
        kept = [item for item in message.previews or () if item["id"] != preview_id]
        if len(kept) == len(message.previews or ()):
            return message, None
        MessagePreview.objects.filter(message=message, preview__key=preview_id).update(is_removed=True)
        message.previews = kept
        return message, _announce(message, access, origin)


def access_preview_picture(user: User, message_id: int, key: str) -> str:
    """Return the name in the storage of the picture of a preview that a message shows, if the user may read it now.

    Raise ChatError otherwise, always with a code for absent data.
    """
    message = Message.objects.filter(pk=message_id, recalled_at=None).first()
    if message is None or not any(item["id"] == key for item in message.previews or ()):
        raise ChatError(reasons.MESSAGE_NOT_FOUND)
    if not views_all_messages(user):
        access_message(user, access_for_service(user, message.channel_id), message.pk)
    picture = LinkPreview.objects.filter(key=key).values_list("picture", flat=True).first()
    if not picture:
        raise ChatError(reasons.MESSAGE_NOT_FOUND)
    return picture


def _announce(message: Message, access: Access, origin: str) -> int:
    """Store the message's previews, and append the event; a replay must not show the earlier ones."""
    message.save(update_fields=["previews"])
    messages_redact({message.pk: {"previews": message.previews or []}})
    entries = log.append([message_event(message, MESSAGE_PREVIEWED, access, origin, payloads.previewed(message))])
    publish.after_commit(entries)
    return entries[0].position


def unused_previews_delete() -> int:
    """Delete a batch of previews that no message shows and none will share any more; return how many.

    A preview whose picture cannot be deleted now stays for the next clean-up, and hinders no other.
    """
    # An hour later, because a message may be about to show one that was still young.
    before = log.now_ms() - (settings.IM_LINK_PREVIEW_HOURS + 1) * _HOUR_MS
    rows = list(LinkPreview.objects.filter(loaded_at__lt=before, messages=None).order_by("loaded_at")[:_BATCH_SIZE])
    deleted = [row.pk for row in rows if _picture_delete(row)]
    LinkPreview.objects.filter(pk__in=deleted).delete()
    return len(deleted)


def _picture_delete(row: LinkPreview) -> bool:
    """Delete the picture of a preview; return False if the storage fails."""
    try:
        storage.delete_file(row.picture)
    except OSError as error:
        logger.error("attachment_not_deleted", extra={"key": row.key, "error": type(error).__name__})
        return False
    return True


def _hash(address: str) -> str:
    return hashlib.sha256(address.encode()).hexdigest()
