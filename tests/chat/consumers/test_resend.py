"""Unacknowledged pushes are sent again to clients that acknowledge, within time and size limits."""

from __future__ import annotations

import pytest

from chat.consumers import resend
from chat.consumers.resend import UnacknowledgedPushes
from chat.node.resend_timer import ResendTimer
from chat.wire.protobuf_codec import Message, encode_push, encode_refusal


def pushed(seq: int) -> bytes:
    return encode_push(200, "Ok", Message(False, 1, 2, "text", b"hi", seq, 0))


class Client:
    def __init__(self, resend_timer: ResendTimer) -> None:
        self.again: list[bytes] = []
        self.closed = 0
        self.owes = UnacknowledgedPushes(resend_timer, self._put, self._close)

    def _put(self, frame: bytes) -> None:
        self.again.append(frame)
        self.owes.sent([frame])

    def _close(self) -> None:
        self.closed += 1


@pytest.fixture
async def resend_timer() -> ResendTimer:
    return ResendTimer()


@pytest.fixture
def client(resend_timer: ResendTimer) -> Client:
    return Client(resend_timer)


def rounds(resend_timer: ResendTimer, count: int) -> None:
    """Run the timer this many times."""
    for _ in range(count):
        if resend_timer._timer is not None:
            resend_timer._timer.cancel()
            resend_timer._fire()


async def test_a_client_that_never_acknowledges_gets_no_resends(resend_timer: ResendTimer, client: Client) -> None:
    client.owes.sent([pushed(1)])
    rounds(resend_timer, 5)
    assert client.again == [] and resend_timer._timer is None


async def test_unacknowledged_pushes_are_resent_until_acknowledged(resend_timer: ResendTimer, client: Client) -> None:
    client.owes.sent([pushed(1), encode_refusal(1001, "No"), pushed(2), pushed(3)])
    client.owes.acknowledge(1)
    rounds(resend_timer, 1)
    assert client.again == []
    rounds(resend_timer, 1)
    assert client.again == [pushed(2), pushed(3)]
    rounds(resend_timer, 1)
    assert client.again == [pushed(2), pushed(3)] * 2
    client.owes.acknowledge(2)
    rounds(resend_timer, 1)
    assert client.again[4:] == [pushed(3)]
    client.owes.acknowledge(3)
    rounds(resend_timer, 3)
    assert len(client.again) == 5 and resend_timer._timer is None


async def test_the_first_acknowledgement_reports_dropped_pushes(
    resend_timer: ResendTimer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    client.owes.sent([pushed(seq) for seq in range(1, resend.RECENT_FRAMES_KEPT + 5)])
    assert client.owes.acknowledge(2) == 5
    assert client.owes.acknowledge(2) is None
    client.owes.add_older([(3, pushed(3)), (4, pushed(4))])
    client.owes.acknowledge(3)
    rounds(resend_timer, 2)
    assert client.again[:2] == [pushed(4), pushed(5)]


async def test_pushes_displaced_by_replies_are_reported_too(resend_timer: ResendTimer, client: Client) -> None:
    client.owes.sent([pushed(1), pushed(2)])
    client.owes.sent([encode_refusal(1001, "No")] * resend.RECENT_FRAMES_KEPT)
    assert client.owes.acknowledge(1) == resend.NOTHING_KEPT
    client.owes.add_older([(2, pushed(2))])
    client.owes.sent([pushed(2), pushed(3)])  # A push that was in flight does not count twice.
    rounds(resend_timer, 2)
    assert client.again == [pushed(2), pushed(3)]


@pytest.mark.parametrize(
    ("count", "seq"),
    [(resend.RECENT_FRAMES_KEPT - 1, 0), (resend.RECENT_FRAMES_KEPT + 4, 4), (resend.RECENT_FRAMES_KEPT + 4, 9)],
)
async def test_an_acknowledgement_reports_nothing_while_all_pushes_are_kept(
    client: Client, count: int, seq: int
) -> None:
    client.owes.sent([pushed(number) for number in range(1, count + 1)])
    assert client.owes.acknowledge(seq) is None


async def test_a_closed_connection_gets_no_resends(resend_timer: ResendTimer, client: Client) -> None:
    client.owes.acknowledge(0)
    client.owes.sent([pushed(1)])
    client.owes.stop()
    rounds(resend_timer, 3)
    assert client.again == [] and resend_timer._timer is None


async def test_one_timer_serves_all_connections(resend_timer: ResendTimer) -> None:
    clients = [Client(resend_timer) for _ in range(10)]
    for number, one in enumerate(clients):
        one.owes.acknowledge(0)
        one.owes.sent([pushed(number + 1)])
    rounds(resend_timer, 2)
    assert [one.again for one in clients] == [[pushed(number + 1)] for number in range(10)]


async def test_too_many_unacknowledged_pushes_close_the_connection(
    resend_timer: ResendTimer, client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(resend, "MAX_UNACKNOWLEDGED", 3)
    client.owes.acknowledge(0)
    client.owes.sent([pushed(seq) for seq in range(1, 5)])
    rounds(resend_timer, 3)
    assert client.closed == 1 and client.again == []
