"""A client of the protobuf protocol for load tests: a group member who sends and counts received messages.

Most frames are the same for all members, so a frame is decoded once for all of them.
"""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache

from chat.wire import im_pb2 as im
from tests.load.raw_socket import BINARY, RawSocket

_PADDING = b" it is a fine day for a walk"


@dataclass(frozen=True, slots=True)
class Frame:
    """The contents of one frame. `seqs` are those of pushed messages and of acknowledged own ones, in its order."""

    seqs: tuple[int, ...]
    ascending: bool
    pushes: int
    own: tuple[int, ...]
    sent_at: tuple[int, ...]
    refused: int
    logged_in: bool


@lru_cache(maxsize=4096)
def read(payload: bytes) -> Frame:
    """Decode a frame of the server."""
    seqs: list[int] = []
    own: list[int] = []
    stamps: list[int] = []
    refused = 0
    logged_in = False
    for item in im.OutputBatch.FromString(payload).outputs:
        output = im.Output.FromString(item)
        if output.type == im.CT_MESSAGE:
            message = im.PushMsg.FromString(output.data).msg
            seqs.append(message.seq)
            stamps.append(int(message.content.partition(b" ")[0]))
        elif output.type == im.CT_ACK:
            ack = im.ACKMsg.FromString(output.data)
            if ack.type == im.AT_UP:
                seqs.append(ack.seq)
                own.append(ack.seq)
            logged_in = logged_in or ack.type == im.AT_LOGIN
            refused += ack.type == im.AT_UNKNOWN
    ascending = all(first < second for first, second in itertools.pairwise(seqs))
    return Frame(tuple(seqs), ascending, len(stamps), tuple(own), tuple(stamps), refused, logged_in)


class ProtobufLoadClient(RawSocket):
    """One member. Checks that numbers grow; their count and sum then prove that none is missing."""

    def __init__(
        self, user: int, token: str, *, sample: Callable[[float], None] | None = None, acknowledges: bool = False
    ) -> None:
        super().__init__()
        self.user = user
        self.group = 0
        self.pushes = 0
        self.own: list[int] = []
        self.last = 0
        self.total = 0
        """Sum of all numbers, pushed and own."""
        self.disordered = 0
        self.refused = 0
        self._token = token
        self._sent = 0
        self._sample = sample
        self._acknowledges = acknowledges

    def opened(self) -> None:
        self._input(im.CT_LOGIN, im.LoginMsg(token=self._token.encode()).SerializeToString())

    def sync(self, seq: int) -> None:
        """Report the present position in a Sync, so that nothing is held back."""
        self._input(im.CT_SYNC, im.SyncInputMsg(seq=seq).SerializeToString())

    def say(self, number: int) -> None:
        """Send a message to the group that carries its time of sending."""
        self._sent += 1
        message = im.Message(
            session_type=im.ST_GROUP,
            receiver_id=self.group,
            sender_id=self.user,
            message_type=im.MT_TEXT,
            content=b"%d" % time.perf_counter_ns() + _PADDING,
        )
        self._input(im.CT_MESSAGE, im.UpMsg(msg=message, clientId=self._sent).SerializeToString())

    def message(self, payload: bytes) -> None:
        frame = read(payload)
        if frame.logged_in and not self.logged_in.done():
            self.logged_in.set_result(None)
        self.refused += frame.refused
        if not frame.seqs:
            return
        if not frame.ascending or frame.seqs[0] <= self.last:
            self.disordered += 1
        self.last = frame.seqs[-1]
        self.total += sum(frame.seqs)
        self.pushes += frame.pushes
        self.own += frame.own
        if self._acknowledges and frame.pushes:
            self._input(im.CT_ACK, im.ACKMsg(type=im.AT_PUSH, seq=self.last).SerializeToString())
        if self._sample:
            now = time.perf_counter_ns()
            for sent_at in frame.sent_at:
                self._sample((now - sent_at) / 1e6)

    def _input(self, type: im.CmdType, data: bytes) -> None:
        self.write(BINARY, im.Input(type=type, data=data).SerializeToString())
