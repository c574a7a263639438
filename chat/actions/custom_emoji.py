"""Add and remove custom emoji of the site. Open pages hear of it by one event for each app."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.db import IntegrityError

from accounts.models import User
from chat import reasons
from chat.attachments.emoji_picture import EmojiPicture
from chat.custom_emoji_names import is_standard_name, normalize_emoji_name
from chat.errors import ChatError
from chat.models import CustomEmoji
from chat.models.emoji import NAME_LIMIT
from chat.selectors import global_channels
from chat.wire.schema.events import EMOJI_CHANGED
from delivery import log, publish
from delivery.db.transactions import write
from delivery.log import Entry


def custom_emoji_create(*, by: User, name: str, picture: EmojiPicture) -> CustomEmoji:
    """Add an emoji. Colons around its name are dropped, and the name is stored in lower case.

    Raise ChatError EMOJI_NAME_INVALID, EMOJI_NAME_RESERVED for the name of a standard emoji, EMOJI_NAME_TAKEN, or
    EMOJI_LIMIT_REACHED.
    """
    form, limit = normalize_emoji_name(name.strip()), settings.IM_MAX_CUSTOM_EMOJI
    if form is None:
        raise ChatError(reasons.EMOJI_NAME_INVALID, limit=NAME_LIMIT, field="name")
    if is_standard_name(form):
        raise ChatError(reasons.EMOJI_NAME_RESERVED, name=form, field="name")
    row = CustomEmoji(
        name=form,
        picture=picture.content,
        sha256=picture.sha256,
        width=picture.width,
        height=picture.height,
        created_by=by,
        created_at=log.now_ms(),
    )
    try:
        with write():
            if CustomEmoji.objects.filter(name=form).exists():
                raise ChatError(reasons.EMOJI_NAME_TAKEN, name=form, field="name")
            if CustomEmoji.objects.count() >= limit:
                raise ChatError(reasons.EMOJI_LIMIT_REACHED, limit=limit)
            row.save(force_insert=True)
            _announce({"name": form, "emoji": custom_emoji_payload(row)})
    except IntegrityError as error:
        # Another operator has added it since the look.
        raise ChatError(reasons.EMOJI_NAME_TAKEN, name=form, field="name") from error
    return row


def custom_emoji_payload(row: CustomEmoji) -> dict[str, Any]:
    """Return a `CustomEmoji`."""
    return {
        "name": row.name,
        "url": f"/custom-emoji/{row.sha256}.webp",
        "width": row.width,
        "height": row.height,
    }


def custom_emoji_remove(*, emoji_id: int) -> None:
    """Remove an emoji. Messages and reactions with it show its name between colons from then on."""
    with write():
        row = CustomEmoji.objects.select_for_update(no_key=True).defer("picture").filter(pk=emoji_id).first()
        if row is None:
            raise ChatError(reasons.EMOJI_NOT_FOUND)
        row.delete()
        _announce({"name": row.name})


def _announce(body: dict[str, Any]) -> None:
    """Append the event for everyone who is on an app."""
    channels = global_channels()
    entries = log.append([Entry(kind=EMOJI_CHANGED.name, channel=channel.pk, body=body) for channel in channels])
    publish.after_commit(entries)
