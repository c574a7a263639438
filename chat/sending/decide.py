"""Decide the outcome of each draft of a batch. Pure: loaded values in, new messages and refusals out.

The ids of new messages and their positions in the log are set later, by `store`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from chat import payloads, rules
from chat.errors import ChatError
from chat.sending.drafts import Draft, Forward, Outcome, StoredMessage
from chat.sending.duplicates import Duplicates
from chat.sending.forwarding import forwarded_content
from chat.sending.permissions import Permissions
from chat.wire.schema.events import MESSAGE
from delivery.log import Entry

if TYPE_CHECKING:
    from chat.models import Attachment
    from chat.sending.load import Loaded
    from chat.sending.mentions import FoundMentions
    from chat.sending.rows import SendChannel, Sender


@dataclass(slots=True)
class NewMessage:
    """A message to be stored, with its event. It has the fields of `Message` that its payload contains.

    `pk` and the position of its entry are 0 until `store` sets them.
    """

    draft: Draft
    channel_id: int
    seq: int
    sender_id: int
    type: str
    text: str
    shown_as: str
    reply_to: int | None
    reply_seq: int | None
    time: int
    entry: Entry
    attachments: list[dict[str, Any]] | None = None
    copies: Sequence[Attachment] = ()
    """Rows of forwarded files, to be stored with it."""
    forwarded: Mapping[str, Any] | None = None
    mentions: list[dict[str, Any]] | None = None
    mentioned: FoundMentions | None = None
    thread: int | None = None
    thread_only: bool = False
    thread_count: int = 0
    """Answers in its thread, with this one."""
    root_sender: int = 0
    """The sender of the message that the thread is about."""
    pk: int = 0
    previews: None = None
    edited_at: None = None
    recalled_at: None = None

    @property
    def position(self) -> int:
        return self.entry.position

    def stored(self) -> StoredMessage:
        """Return the acknowledgement, once the message is stored."""
        return StoredMessage(
            self.channel_id,
            self.pk,
            self.seq,
            self.time,
            self.position,
            mentions=self.mentions,
            recipient_online=self.draft.recipient_online,
        )


@dataclass(frozen=True, slots=True)
class Repeat:
    """A draft with the same key as an earlier draft of its batch, which is stored as `new`."""

    new: NewMessage


@dataclass(frozen=True, slots=True)
class Decision:
    """The decision on a batch: the messages to store, and the outcome of each draft, in order."""

    new: list[NewMessage] = field(default_factory=list)
    verdicts: list[Outcome | NewMessage | Repeat] = field(default_factory=list)

    def outcomes(self) -> list[Outcome]:
        """Return the outcome of each draft, once the new messages are stored."""
        return [_outcome(verdict) for verdict in self.verdicts]


def decide(
    drafts: Sequence[Draft], loaded: Loaded, now: int, take_channel: Callable[[Draft], float] = lambda draft: 0.0
) -> Decision:
    """Separate repeated and refused drafts from new ones, and number the new ones.

    `now`: time of the batch in Unix ms. `take_channel`: see `Permissions`.
    """
    duplicates, permissions = Duplicates(loaded), Permissions(loaded, now, take_channel)
    counts = {pk: thread.count for pk, thread in loaded.threads.items()}
    last_seqs = {pk: channel.last_seq for pk, channel in loaded.channels.items()}
    decision = Decision()
    for draft in drafts:
        try:
            earlier = duplicates.find(draft)
            if earlier is not None:
                decision.verdicts.append(Repeat(earlier) if isinstance(earlier, NewMessage) else earlier)
                continue
            reply_seq = permissions.authorize(draft)
        except ChatError as refusal:
            decision.verdicts.append(refusal)
            continue
        last_seqs[draft.channel] += 1
        sender, channel = loaded.users[draft.sender], loaded.channels[draft.channel]
        new = _new_message(draft, sender, channel, last_seqs[draft.channel], reply_seq, now)
        if draft.attachments:
            _set_files(new, [loaded.attachments[key] for key in draft.attachments], loaded)
        if draft.forward is not None:
            _take_over(new, draft.forward, loaded, now)
        elif loaded.mentions is not None:
            role = permissions.role(draft.sender, draft.channel)
            new.mentioned = loaded.mentions.find(draft.text, sender=sender.pk, channel=channel, role=role)
            new.mentions = None if new.mentioned is None else new.mentioned.shown
        if draft.thread is not None:
            counts[draft.thread] = counts.get(draft.thread, 0) + 1
            new.thread, new.thread_only, new.thread_count = draft.thread, draft.thread_only, counts[draft.thread]
            new.root_sender = loaded.roots[draft.thread].sender_id
        new.entry.body = _body(new, sender)
        duplicates.add(new)
        decision.new.append(new)
        decision.verdicts.append(new)
    return decision


def _outcome(verdict: Outcome | NewMessage | Repeat) -> Outcome:
    if isinstance(verdict, NewMessage):
        return verdict.stored()
    if isinstance(verdict, Repeat):
        return verdict.new.stored()._replace(repeated=True)
    return verdict


def _new_message(
    draft: Draft, sender: Sender, channel: SendChannel, seq: int, reply_seq: int | None, now: int
) -> NewMessage:
    return NewMessage(
        draft=draft,
        channel_id=draft.channel,
        seq=seq,
        sender_id=draft.sender,
        type=draft.type,
        text=draft.text,
        shown_as=draft.shown_as,
        reply_to=draft.reply_to,
        reply_seq=reply_seq,
        time=now,
        entry=Entry(
            kind=MESSAGE.name,
            channel=draft.channel,
            app=draft.live_app,
            origin=draft.origin,
            header=_header(draft, channel),
            time=now,
        ),
    )


def _set_files(new: NewMessage, files: Sequence[Attachment], loaded: Loaded) -> None:
    new.attachments = list(map(payloads.attachment, files))
    if len(files) == 1 and not new.text and (media := loaded.inline_media.get(files[0].file)) is not None:
        new.entry.media_type, new.entry.media = media


def _take_over(new: NewMessage, forward: Forward, loaded: Loaded, now: int) -> None:
    """Give the message the content of the one that it forwards. It mentions nobody: its sender has not written it."""
    content = forwarded_content(forward, loaded, sender=new.sender_id, now=now)
    new.type, new.text, new.copies, new.forwarded = content.type, content.text, content.files, forward.origin
    if content.files:
        _set_files(new, content.files, loaded)


def _header(draft: Draft, channel: SendChannel) -> dict[str, list[int]]:
    header = rules.private_route(channel.pair)
    if draft.skip_live is not None:
        header["skip"] = [draft.skip_live]
    if draft.receipt_for:
        header["receipt"] = list(draft.receipt_for)
    return header


def _body(new: NewMessage, sender: Sender) -> dict[str, object]:
    """Return the payload without id and position: `store` adds the id, and the encoder the position."""
    body = payloads.message(new, sender)
    del body["position"]
    if new.thread is not None:
        body["threadCount"] = new.thread_count
    if new.draft.push_seq:
        body["pushSeq"] = new.draft.push_seq
    return body
