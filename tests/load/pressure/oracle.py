"""Judges a run: every message sent is acknowledged, stored and received by all others, once and in order."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field


class ReceivedNumbers:
    """The sequence numbers of one channel that one connection received as pushes."""

    __slots__ = ("count", "disordered", "first", "holes", "last", "repeated")

    def __init__(self) -> None:
        self.count = self.first = self.last = self.repeated = self.disordered = 0
        self.holes: set[int] = set()
        """Numbers not received between the first and the last: the user's own messages, or lost ones."""

    def add(self, first: int, last: int) -> None:
        """Record the numbers from `first` to `last`."""
        if first == self.last + 1 or not self.first:
            self.first = self.first or first
            self.last = last
            self.count += last - first + 1
            return
        for number in range(first, last + 1):
            self._add_one(number)

    def _add_one(self, number: int) -> None:
        if number > self.last:
            self.holes.update(range(self.last + 1, number))
            self.last = number
            self.count += 1
        elif number in self.holes or number < self.first:
            self.holes.discard(number)
            if number < self.first:
                self.holes.update(range(number + 1, self.first))
                self.first = number
            self.disordered += 1
            self.count += 1
        else:
            self.repeated += 1

    def missing(self, expected: set[int]) -> set[int]:
        """Return the expected numbers that did not arrive."""
        if not self.first:
            return set(expected)
        outside = {number for number in expected if number < self.first or number > self.last}
        return outside | (self.holes & expected)


@dataclass
class MemberRecord:
    """The messages that one user sent and received over all their connections."""

    name: str
    channels: tuple[str, ...]
    """Channels whose messages the user must receive."""
    received: dict[str, ReceivedNumbers] = field(default_factory=dict)
    sent: set[str] = field(default_factory=set)
    """Keys of the messages that the user sent."""
    acknowledged: list[tuple[str, str, int]] = field(default_factory=list)
    """Key, channel and number of each acknowledged message."""
    refused: int = 0
    disconnected: int = 0
    acknowledged_late: int = 0
    """Acknowledgements that came after a push of a later message of the channel."""


@dataclass(frozen=True)
class Verdict:
    """Counts of a run. The run is good if `faults` is empty."""

    sent: int
    acknowledged: int
    stored: int
    deliveries: int
    faults: dict[str, int]

    def __str__(self) -> str:
        if self.faults:
            return "FAILED: " + ", ".join(f"{count} {fault}" for fault, count in self.faults.items())
        return f"{self.sent} sent = acknowledged = stored, {self.deliveries} deliveries, each once and in order"


def judge(records: Sequence[MemberRecord], stored: Iterable[tuple[str, str, int]]) -> Verdict:
    """Compare what was sent, acknowledged, stored and received. `stored` holds key, channel and number of messages."""
    faults: Counter[str] = Counter()
    sent = {key for record in records for key in record.sent}
    places = [place for record in records for place in record.acknowledged]
    acknowledged = {key: (channel, seq) for key, channel, seq in places}
    in_store: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for key, channel, seq in stored:
        in_store[key].append((channel, seq))
    faults["not acknowledged"] = len(sent - acknowledged.keys())
    faults["acknowledged with two numbers"] = len(set(places)) - len(acknowledged)
    faults["acknowledged but not stored there"] = sum(
        place not in in_store.get(key, ()) for key, place in acknowledged.items()
    )
    faults["stored more than once"] = sum(len(found) - 1 for found in in_store.values())
    faults["stored but never sent"] = len(in_store.keys() - sent)
    numbers: dict[str, set[int]] = defaultdict(set)
    for found in in_store.values():
        for channel, seq in found:
            numbers[channel].add(seq)
    for record in records:
        _judge_record(record, numbers, faults)
    deliveries = sum(received.count for record in records for received in record.received.values())
    stored_count = sum(len(found) for found in in_store.values())
    return Verdict(len(sent), len(acknowledged), stored_count, deliveries, {k: n for k, n in faults.items() if n})


def _judge_record(record: MemberRecord, numbers: dict[str, set[int]], faults: Counter[str]) -> None:
    own: dict[str, set[int]] = defaultdict(set)
    for _, channel, seq in record.acknowledged:
        own[channel].add(seq)
    for channel in record.channels:
        expected = numbers.get(channel, set()) - own[channel]
        received = record.received.get(channel) or ReceivedNumbers()
        missing = received.missing(expected)
        faults["not received"] += len(missing)
        faults["received but not expected"] += max(0, received.count - (len(expected) - len(missing)))
        faults["received more than once"] += received.repeated
        faults["received out of order"] += received.disordered
    faults["received from a foreign channel"] += sum(
        received.count for channel, received in record.received.items() if channel not in record.channels
    )
    faults["refused"] += record.refused
    faults["acknowledged after a later message"] += record.acknowledged_late
    faults["disconnected"] += record.disconnected
