"""The content of forwarded messages: text and files of another message. Pure: loaded values in, a result out."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from chat import reasons, rules
from chat.errors import ChatError
from chat.models import Attachment
from chat.models.attachment import new_key
from chat.sending.drafts import Forward

if TYPE_CHECKING:
    from collections.abc import Sequence

    from chat.sending.load import Loaded

_COPIED = (
    "name", "content_type", "kind", "size", "received", "sha256", "width", "height", "duration", "preview", "file",
    "thumbnail",
)  # fmt: skip
"""The columns that the row of a forwarded file has in common with the first one. They share the stored file."""


class ForwardedContent(NamedTuple):
    """The content that a message takes over. `files`: rows to be stored with it."""

    type: str
    text: str
    files: Sequence[Attachment]


def require_source(forward: Forward, loaded: Loaded) -> None:
    """Raise ChatError unless the message still has what is forwarded.

    The sender's right to read it is checked before.
    """
    source = loaded.sources.get(forward.message)
    if source is None:
        raise ChatError(reasons.MESSAGE_NOT_FOUND)
    if source.recalled_at is not None:
        raise ChatError(reasons.MESSAGE_RECALLED)
    files = _files(forward, loaded)
    missing = set(forward.files) - {file.key for file in files}
    if missing:
        raise ChatError(reasons.ATTACHMENT_NOT_FOUND, attachment=min(missing))
    if not files and not source.text:
        raise ChatError(reasons.ATTACHMENT_NOT_FOUND)


def forwarded_content(forward: Forward, loaded: Loaded, *, sender: int, now: int) -> ForwardedContent:
    """Return what the message takes over, after `require_source`. `now`: Unix ms."""
    source = loaded.sources[forward.message]
    files = [_copy(file, sender, now) for file in _files(forward, loaded)]
    text = "" if forward.files else source.text
    if source.type not in rules.TYPES_WITH_TEXT:
        return ForwardedContent(source.type, source.text, ())
    return ForwardedContent("file" if files else "text", text, files)


def _files(forward: Forward, loaded: Loaded) -> list[Attachment]:
    """Return the files to forward, in the order of the message."""
    own = [file for file in loaded.source_files if file.message_id == forward.message]
    return sorted((file for file in own if not forward.files or file.key in forward.files), key=lambda file: file.index)


def _copy(file: Attachment, sender: int, now: int) -> Attachment:
    values = {name: getattr(file, name) for name in _COPIED}
    return Attachment(key=new_key(), uploader_id=sender, is_copy=True, state=file.state, created_at=now, **values)
