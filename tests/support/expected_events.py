"""The events that a user may see, computed from the rows alone, and a device that records received events."""

from __future__ import annotations

from collections.abc import Container
from dataclasses import dataclass, field
from typing import Any

import orjson

from accounts.models import User
from chat.models import Channel, Membership, Message
from delivery import log
from delivery.models import Event, EventRecipient
from tests.support.client import Envelope

_ANSWERS = {"message.send": "msg", "message.edit": "message.edited", "message.recall": "message.recalled"}
"""Commands whose reply replaces the push of an event of that kind on the connection that sent the request."""
_TELLING = {"login", "heartbeat", "sync"}


@dataclass
class ExpectedEvents:
    """All events that `user` may receive. Global channels are read without membership."""

    user: User
    visible: set[int] = field(default_factory=set)
    """Positions that `sync` must return."""
    room_events: set[int] = field(default_factory=set)
    """Positions that are only pushed live."""
    kinds: dict[int, str] = field(default_factory=dict)
    recalled_at: dict[str, int] = field(default_factory=dict)
    """Position of the recall, by message id."""

    @classmethod
    def of(cls, user: User, *, after: int = 0) -> ExpectedEvents:
        """Return the user's events after that position."""
        made = cls(user)
        own = set(EventRecipient.objects.filter(user_id=user.pk).values_list("position", flat=True))
        intervals: dict[int, list[tuple[int, int]]] = {}
        for interval in Membership.objects.filter(user=user):
            until = 2**62 if interval.until_position is None else interval.until_position
            intervals.setdefault(interval.channel_id, []).append((interval.from_position, until))
        rooms = set(Channel.objects.filter(kind="global").values_list("pk", flat=True))
        for event in Event.objects.filter(position__gt=after).order_by("position"):
            covered = [
                any(first <= position <= last for first, last in intervals.get(event.channel or 0, ()))
                for position in (event.position, event.subject)
                if position is not None
            ]
            made.kinds[event.position] = event.kind
            if event.kind == "message.recalled":
                made.recalled_at[str(event.ref)] = event.position
            if event.kind == "revocation":
                continue
            if event.channel in rooms:
                made.room_events.add(event.position)
            elif event.position in own or (event.channel is not None and all(covered)):
                made.visible.add(event.position)
        return made

    def history(self, channel: Channel) -> dict[int, str]:
        """Return number and text of every message that the user may read in a channel that they are in now."""
        intervals = list(Membership.objects.filter(user=self.user, channel=channel))
        return {
            row.seq: "" if row.recalled_at else row.text
            for row in Message.objects.filter(channel=channel)
            if channel.join == "open"
            or any(
                interval.from_position < row.position and row.position < (interval.until_position or 2**62)
                for interval in intervals
            )
        }


@dataclass
class RecordingDevice:
    """One device of a user over several connections. It keeps the last reported position, like real clients."""

    reported: int | None = None
    begun: int = 0
    """Position of the first log-in. Earlier events are known from lists and history."""
    seen: set[int] = field(default_factory=set)
    streams: list[list[Envelope]] = field(default_factory=list)

    def connection_ended(self, received: list[Envelope], retries: Container[str] = ()) -> None:
        """Record the frames of an ended connection, except replies to `retries`, whose events are older."""
        self.streams.append([item for item in received if item.text == "Ok" or item.seq not in retries])

    def check(self, expected: ExpectedEvents) -> None:
        """Check that no event is missing, repeated, out of order, or of another user."""
        for stream in self.streams:
            self._check_stream(stream, expected)

    def _check_stream(self, stream: list[Envelope], expected: ExpectedEvents) -> None:
        last = 0
        for item in stream:
            data: dict[str, Any] = item.data if item.code == 200 and isinstance(item.data, dict) else {}
            position = data.get("position", 0)
            pushed = item.text == "Ok" and position
            # The answer to a second recall tells where the message is: it stands for no event.
            if pushed or (item.cmd in _ANSWERS and data and expected.kinds[position] == _ANSWERS[item.cmd]):
                assert position > last, f"{item.cmd} at {position} came after {last}"
                last = position
                self._know(position, expected)
            elif item.cmd == "sync" and data:
                if data.get("reset"):
                    self.begun = data["position"]
                events = data.get("events", [])
                positions = [event["response"]["data"]["position"] for event in events]
                assert positions == sorted(set(positions))
                for event in events:
                    self._know(event["response"]["data"]["position"], expected)
                    self._check_recalled(event, data["position"], expected)
            if item.cmd in _TELLING and data:
                self._check_reported(item, data["position"], expected)

    def _know(self, position: int, expected: ExpectedEvents) -> None:
        assert position in expected.visible or position in expected.room_events, f"{position} leaked to {expected.user}"
        self.seen.add(position)

    def _check_recalled(self, event: dict[str, Any], upto: int, expected: ExpectedEvents) -> None:
        data = event["response"]["data"]
        if event["cmd"] != "message.recalled" and expected.recalled_at.get(str(data.get("id")), upto + 1) <= upto:
            assert data["msg"] == "", "sync shows what was recalled"

    def _check_reported(self, item: Envelope, reported: int, expected: ExpectedEvents) -> None:
        """Check that the client has all events up to the position that the server reported."""
        if self.reported is None:
            self.begun = reported
        owed = {position for position in expected.visible if self.begun < position <= reported}
        assert owed <= self.seen, f"{item.cmd} told {reported}, but {sorted(owed - self.seen)} never came"
        self.reported = reported


def assert_gap_free() -> None:
    """Assert that positions, and the numbers of each channel, are 1, 2, 3, … in the same order."""
    positions = list(Event.objects.order_by("position").values_list("position", flat=True))
    assert positions == list(range(1, log.head() + 1))
    for channel in Channel.objects.all():
        rows = Message.objects.filter(channel=channel).order_by("seq").values_list("seq", "position")
        assert [seq for seq, _ in rows] == list(range(1, channel.last_seq + 1))
        assert [position for _, position in rows] == sorted(position for _, position in rows)
    for event in Event.objects.filter(kind="msg"):
        message = Message.objects.get(position=event.position)
        assert message.pk == event.ref
        assert orjson.loads(event.body)["msg"] == ("" if message.recalled_at else message.text)
