"""Passes events to the connections that get them: by shared segments in large channels, one by one otherwise."""

from __future__ import annotations

from collections.abc import Sequence

from django.conf import settings

from delivery import metrics
from delivery.hub.audience import Audience
from delivery.hub.connection import Connection
from delivery.hub.encoders import encoders
from delivery.hub.segments import Feed, Frame
from delivery.hub.ticker import Ticker
from delivery.log import Entry

MIN_SHARED_CONNECTIONS = 8
"""Connections of a channel from which on a feed costs less than a push to each."""


class FanOut:
    """Delivers events to an audience. On the event loop only; it never waits."""

    def __init__(self, audience: Audience, ticker: Ticker) -> None:
        self._audience = audience
        self._ticker = ticker
        self._feeds = audience.feeds
        self._max_bytes = settings.IM_OUTBOX_MAX_BYTES // 2
        self._bytes = 0
        """Bytes of the frames of all feeds."""
        self._number = 0
        """Events delivered by feeds, which is the number of their frames in the order of delivery."""
        ticker.on_tick = self._end_feeds

    def deliver(self, entry: Entry, skip: Connection | None) -> None:
        """Pass one event to its audience except `skip`. Events must come in the order of delivery."""
        channel = entry.channel
        members = self._audience.channels.get(channel, {}) if channel is not None else {}
        if (
            channel is None
            or len(members) < MIN_SHARED_CONNECTIONS
            or entry.app is not None
            or entry.subject is not None
        ):
            delivered = self._push_to_each(entry, skip)
        else:
            feed = self._feeds.get(channel)
            if feed is None:
                feed = self._feeds[channel] = Feed(members)
                self._ticker.ensure_running()
            delivered = self._share(feed, entry, self._excluded(entry, skip))
            if self._bytes > self._max_bytes:
                self._end_feeds()
                self._ticker.write_waiting()
        metrics.PUSHES_IN.inc()
        metrics.PUSHES_OUT.inc(delivered)

    def deliver_activity(self, entry: Entry) -> None:
        """Pass an event to those of its audience who have asked for such events, and who keep up with the others."""
        wanted = [
            connection
            for connection in self._audience.recipients(entry)
            if connection.gets_activity and connection.can_follow and not connection.is_closing
        ]
        metrics.PUSHES_IN.inc()
        metrics.PUSHES_OUT.inc(self._push(entry, wanted))

    def _end_feeds(self) -> None:
        for feed in self._feeds.values():
            feed.has_ended = True
        self._feeds.clear()
        self._bytes = 0

    def _excluded(self, entry: Entry, skip: Connection | None) -> set[Connection]:
        """Return the connections that must not get the event although they may be in its channel."""
        excluded = {skip} if skip is not None else set()
        for user_id in entry.header.get("skip", ()):
            excluded.update(self._audience.connections_of(user_id))
        return excluded

    def _share(self, feed: Feed, entry: Entry, excluded: set[Connection]) -> int:
        """Add the event to the feed; return how many connections get it."""
        for connection in excluded:
            connection.outbox.unfollow()
        codecs = {codec for codec, segment in feed.segments.items() if segment.followers}
        codecs.update(connection.codec for connection in feed.missing)
        # An event that cannot be encoded must not leave the feed half changed.
        frames = {codec: frame for codec in codecs if (frame := encoders[codec](entry)) is not None}
        delivered = 0
        if feed.missing:
            delivered = self._reach_missing(feed, entry, frames, excluded)
        self._number += 1
        for codec, frame in frames.items():
            if (segment := feed.segments.get(codec)) is not None and segment.followers:
                self._bytes += segment.append(frame, self._number)
                delivered += segment.followers
        return delivered

    def _reach_missing(self, feed: Feed, entry: Entry, frames: dict[str, Frame], excluded: set[Connection]) -> int:
        """Let the missing connections follow the feed from this event on; return how many got it on their own."""
        missing, feed.missing = feed.missing, {}
        segments = {codec: feed.segment(codec) for codec in frames}
        pushed = 0
        for connection in missing:
            codec = connection.codec
            if connection.is_closing:
                continue
            if codec not in segments or connection in excluded:
                feed.missing[connection] = None
            elif connection.can_follow:
                connection.outbox.follow(segments[codec], connection)
            else:
                feed.missing[connection] = None
                connection.push(frames[codec], entry.position)
                pushed += 1
        return pushed

    def _push_to_each(self, entry: Entry, skip: Connection | None) -> int:
        """Push the event to each connection of its audience; return how many get it."""
        recipients = self._audience.recipients(entry)
        return self._push(entry, [one for one in recipients if one is not skip and not one.is_closing])

    def _push(self, entry: Entry, connections: Sequence[Connection]) -> int:
        frames: dict[str, Frame | None] = {}
        delivered = 0
        for connection in connections:
            codec = connection.codec
            if codec not in frames:
                frames[codec] = encoders[codec](entry)
            frame = frames[codec]
            if frame is not None:
                delivered += 1
                connection.push(frame, entry.position)
        return delivered
