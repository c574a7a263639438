"""Decide whether a draft may be sent. Pure: loaded values in, a result or a refusal out."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from chat import reasons, rules
from chat.errors import ChatError
from chat.rules import Ranges
from chat.sending import forwarding
from chat.sending.drafts import Draft

if TYPE_CHECKING:
    from collections.abc import Callable

    from chat.sending.load import Loaded
    from chat.sending.rows import SendChannel, Sender, SenderMembership


class Permissions:
    """Authorizes the drafts of a batch, one after the other."""

    def __init__(self, loaded: Loaded, now: int, take_channel: Callable[[Draft], float] = lambda draft: 0.0) -> None:
        """`now`: the time of the batch in Unix ms.

        `take_channel` counts a draft of a connection against its channel, as `SettledRateLimit.take` does.
        """
        self._loaded = loaded
        self._now = now
        self._take_channel = take_channel
        self._mutes = {
            (restriction.user_id, restriction.channel_id): restriction.until
            for restriction in loaded.restrictions
            if restriction.kind == restriction.Kind.MUTE
        }
        self._bans = {
            (restriction.user_id, restriction.channel_id)
            for restriction in loaded.restrictions
            if restriction.kind == restriction.Kind.BAN
        }
        self._last_sent = dict(loaded.last_sent)
        self._taken: set[str] = set()

    def authorize(self, draft: Draft) -> int | None:
        """Return the sequence number of the message that is replied to; None without one.

        Raise ChatError for a refused draft. An authorized draft counts as sent: in slow mode it delays later drafts of
        the batch, and its attachments are taken.
        """
        user, channel = self._loaded.users.get(draft.sender), self._loaded.channels.get(draft.channel)
        if user is None or not user.is_active:
            raise ChatError(reasons.ACCOUNT_INACTIVE)
        if channel is None:
            raise ChatError(reasons.CHANNEL_NOT_FOUND)
        ranges, role = self._read_access(draft, user, channel)
        rules.require_open_channel(channel.closed)
        inactive = self._loaded.inactive
        if inactive and any(peer in inactive for peer in rules.pair_user_ids(channel.pair)):
            raise ChatError(reasons.USER_UNREACHABLE)
        reply_seq = self._reply_seq(draft, channel, ranges)
        if draft.thread is not None:
            self._require_thread(draft.thread, channel, ranges)
        if draft.attachments:
            self._require_attachments(draft)
        if draft.forward is not None:
            forwarding.require_source(draft.forward, self._loaded)
        if user.is_restricted:
            self._require_unrestricted(user, channel)
        if channel.announcements_only or channel.slow_mode:
            self._require_turn(user, channel, role)
        if draft.origin and (wait := self._take_channel(draft)):
            raise ChatError(reasons.RATE_LIMITED, retryAfter=round(wait, 3), scope="channel")
        self._taken.update(draft.attachments)
        return reply_seq

    def role(self, user: int, channel: int) -> str | None:
        """Return the user's role in the channel; None without a present membership, and in an app's channel."""
        return _present_role(self._loaded.memberships.get((channel, user), ()))

    def _read_access(self, draft: Draft, user: Sender, channel: SendChannel) -> tuple[Ranges, str | None]:
        """Return the ranges that the sender may read, and their role in the channel (None in an app's channel)."""
        if channel.kind == "global":
            assert channel.app is not None
            if not channel.app.enabled or draft.app not in (None, channel.app.number):
                raise ChatError(reasons.CHANNEL_NOT_FOUND)
            return rules.EVERYTHING, None
        memberships = self._loaded.memberships.get((channel.pk, user.pk), ())
        role = _present_role(memberships)
        if user.is_guest or role is None or (user.pk, channel.pk) in self._bans:
            raise ChatError(reasons.CHANNEL_NOT_FOUND)
        if rules.reads_everything(channel.join, channel.history):
            return rules.EVERYTHING, role
        return [(membership.from_seq, membership.until_seq) for membership in memberships], role

    def _reply_seq(self, draft: Draft, channel: SendChannel, ranges: Ranges) -> int | None:
        if draft.reply_to is None:
            return None
        replied_channel, seq = self._loaded.replied.get(draft.reply_to, (0, 0))
        if replied_channel != channel.pk or not rules.is_readable(ranges, seq):
            raise ChatError(reasons.REPLY_NOT_FOUND)
        return seq

    def _require_thread(self, thread: int, channel: SendChannel, ranges: Ranges) -> None:
        """Raise ChatError THREAD_NOT_FOUND, or MESSAGE_RECALLED for a first answer to a recalled message."""
        root = self._loaded.roots.get(thread)
        if root is None or root.channel_id != channel.pk or root.thread is not None:
            raise ChatError(reasons.THREAD_NOT_FOUND)
        if not rules.is_readable(ranges, root.seq):
            raise ChatError(reasons.THREAD_NOT_FOUND)
        if root.recalled_at is not None and thread not in self._loaded.threads:
            raise ChatError(reasons.MESSAGE_RECALLED)

    def _require_attachments(self, draft: Draft) -> None:
        """Raise ChatError ATTACHMENT_NOT_FOUND, also for those of other users and those that are sent already.

        Raise ATTACHMENTS_TOO_LARGE if they are too large together.
        """
        for key in draft.attachments:
            attachment = self._loaded.attachments.get(key)
            if (
                attachment is None
                or attachment.uploader_id != draft.sender
                or attachment.state != attachment.State.READY
                or attachment.message_id is not None
                or attachment.scheduled_id != draft.scheduled
                or key in self._taken
            ):
                raise ChatError(reasons.ATTACHMENT_NOT_FOUND, attachment=key)
        sizes = (self._loaded.attachments[key].size for key in draft.attachments)
        rules.check_files_size(sizes, limit=self._loaded.max_file_bytes)

    def _require_unrestricted(self, user: Sender, channel: SendChannel) -> None:
        for scope in (None, channel.pk):
            if (user.pk, scope) in self._mutes:
                raise rules.muted_error(self._mutes[user.pk, scope])
        if any((peer, user.pk) in self._loaded.blocks for peer in rules.pair_user_ids(channel.pair)):
            raise ChatError(reasons.CANNOT_MESSAGE_USER)

    def _require_turn(self, user: Sender, channel: SendChannel, role: str | None) -> None:
        """Raise ChatError ANNOUNCEMENTS_ONLY, or SLOW_MODE with the time to wait.

        Owners and admins may always send. In an app's channel, which has no roles, services may.
        """
        if role in ("owner", "admin") or (role is None and user.kind == "service"):
            return
        if channel.announcements_only:
            raise ChatError(reasons.ANNOUNCEMENTS_ONLY)
        key = (channel.pk, user.pk)
        wait = self._last_sent.get(key, 0) + channel.slow_mode * 1000 - self._now
        if wait > 0:
            raise ChatError(reasons.SLOW_MODE, unsent={"interval": channel.slow_mode}, retryAfter=wait / 1000)
        self._last_sent[key] = self._now


def _present_role(memberships: Sequence[SenderMembership]) -> str | None:
    for membership in memberships:
        if membership.until_position is None:
            return membership.role
    return None
