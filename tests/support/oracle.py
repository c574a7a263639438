"""Judges a run: every message sent is acknowledged, stored and received by all others, once and in order.

Load tests and the chaos suite use it. It is pure: it compares what clients have recorded with what the database has.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise


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
    abandoned: set[str] = field(default_factory=set)
    """Keys of messages that the user gave up without an acknowledgement. Each may be stored once or not at all."""
    synced: dict[str, list[int]] | None = None
    """The numbers of each channel that a sync returned, in its order; None without one."""
    synced_after: dict[str, int] = field(default_factory=dict)
    """The last number of each channel before the position from which the sync began."""
    wrong_files: int = 0
    """Files of stored messages that could not be read as they were sent."""
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


def judge(
    records: Sequence[MemberRecord], stored: Iterable[tuple[str, str, int]], *, with_outages: bool = False
) -> Verdict:
    """Compare what was sent, acknowledged, stored and received. `stored` holds key, channel and number of messages.

    `with_outages`: connections may end, because clients come back; and `stored` has the channels as a whole, so their
    numbers are 1, 2, 3, … .
    """
    faults: Counter[str] = Counter()
    sent = {key for record in records for key in record.sent}
    places = [place for record in records for place in record.acknowledged]
    acknowledged = {key: (channel, seq) for key, channel, seq in places}
    in_store: dict[str, list[tuple[str, int]]] = defaultdict(list)
    for key, channel, seq in stored:
        in_store[key].append((channel, seq))
    abandoned = {key for record in records for key in record.abandoned}
    faults["not acknowledged"] = len(sent - acknowledged.keys() - abandoned)
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
    if with_outages:
        faults["missing numbers"] = sum(max(of_one) - len(of_one) for of_one in numbers.values())
    for record in records:
        own: dict[str, set[int]] = defaultdict(set)
        for channel, seq in [place for key in record.abandoned for place in in_store.get(key, ())]:
            own[channel].add(seq)
        _judge_record(record, numbers, own, faults)
        faults["refused"] += record.refused
        if not with_outages:
            faults["disconnected"] += record.disconnected
    deliveries = sum(received.count for record in records for received in record.received.values())
    stored_count = sum(len(found) for found in in_store.values())
    return Verdict(len(sent), len(acknowledged), stored_count, deliveries, {k: n for k, n in faults.items() if n})


def _judge_record(
    record: MemberRecord, numbers: dict[str, set[int]], own: dict[str, set[int]], faults: Counter[str]
) -> None:
    """Count the faults of one user. `own` has the numbers of messages that the user has sent and not received."""
    for _, channel, seq in record.acknowledged:
        own[channel].add(seq)
    for channel in record.channels:
        due = numbers.get(channel, set()) - own[channel]
        received = record.received.get(channel) or ReceivedNumbers()
        missing = received.missing(due)
        faults["not received"] += len(missing)
        faults["received but not expected"] += max(0, received.count - (len(due) - len(missing)))
        faults["received more than once"] += received.repeated
        faults["received out of order"] += received.disordered
    faults["received from a foreign channel"] += sum(
        received.count for channel, received in record.received.items() if channel not in record.channels
    )
    faults["acknowledged after a later message"] += record.acknowledged_late
    faults["wrong or missing file"] += record.wrong_files
    if record.synced is not None:
        expected = {
            channel: {number for number in numbers.get(channel, ()) if number > record.synced_after.get(channel, 0)}
            for channel in record.channels
        }
        _judge_sync(record.synced, expected, faults)


def _judge_sync(synced: dict[str, list[int]], expected: dict[str, set[int]], faults: Counter[str]) -> None:
    for channel, numbers in expected.items():
        returned = synced.get(channel, [])
        faults["not synced"] += len(numbers.difference(returned))
        faults["synced but not expected"] += len(set(returned) - numbers)
        faults["synced more than once"] += len(returned) - len(set(returned))
        faults["synced out of order"] += sum(later < earlier for earlier, later in pairwise(returned))
    faults["synced from a foreign channel"] += sum(len(found) for name, found in synced.items() if name not in expected)
