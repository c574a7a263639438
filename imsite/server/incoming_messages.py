"""Puts the frames of a WebSocket client together to messages. Frames are parsed by the `websockets` library."""

from __future__ import annotations

from collections.abc import Generator, Iterator

from websockets.exceptions import PayloadTooBig, ProtocolError
from websockets.frames import Frame, Opcode
from websockets.streams import StreamReader

MAX_FRAGMENTS = 1024
"""Fragments of one message. Empty fragments take memory without counting towards its size."""
_MAX_CONTROL_BYTES = 125


class TooManyFragments(Exception):
    """A message has more than MAX_FRAGMENTS fragments."""


class IncomingMessages:
    """The received part of a frame or message that is not complete. A connection needs none between two messages."""

    __slots__ = ("_fragments", "_max_size", "_opcode", "_parser", "_size", "_stream")

    def __init__(self, max_size: int) -> None:
        self._max_size = max_size
        self._stream = StreamReader()
        self._parser: Generator[None, None, Frame] | None = None
        self._opcode: Opcode | None = None
        self._fragments: list[bytes | bytearray | memoryview] = []
        self._size = 0

    @property
    def is_empty(self) -> bool:
        """Return whether everything that has arrived has been returned."""
        return self._parser is None and self._opcode is None and not self._stream.buffer

    def feed(self, data: bytes) -> Iterator[tuple[Opcode, bytes]]:
        """Add bytes; yield complete messages and control frames, each with its opcode.

        Raises ProtocolError, PayloadTooBig or TooManyFragments if the client breaks a rule or limit.
        """
        self._stream.feed_data(data)
        while (frame := self._next_frame()) is not None:
            if (message := self._add(frame)) is not None:
                yield message

    def _next_frame(self) -> Frame | None:
        if self._parser is None:
            if not self._stream.buffer:
                return None
            # A control frame between fragments is not part of their message.
            room = max(self._max_size - self._size, _MAX_CONTROL_BYTES)
            self._parser = Frame.parse(self._stream.read_exact, mask=True, max_size=room)
        try:
            next(self._parser)
        except StopIteration as parsed:
            self._parser = None
            frame: Frame = parsed.value
            return frame
        return None

    def _add(self, frame: Frame) -> tuple[Opcode, bytes] | None:
        """Return the message that the frame completes, or the control frame."""
        opcode = frame.opcode
        if opcode is Opcode.TEXT or opcode is Opcode.BINARY:
            if self._opcode is not None:
                raise ProtocolError("expected a continuation frame")
            if frame.fin:
                return opcode, bytes(frame.data)
            self._opcode = opcode
        elif opcode is not Opcode.CONT:
            return opcode, bytes(frame.data)
        elif self._opcode is None:
            raise ProtocolError("unexpected continuation frame")
        self._size += len(frame.data)
        if self._size > self._max_size:
            raise PayloadTooBig(self._size, self._max_size)
        if len(self._fragments) == MAX_FRAGMENTS:
            raise TooManyFragments
        self._fragments.append(frame.data)
        if not frame.fin:
            return None
        message = self._opcode, b"".join(self._fragments)
        self._opcode, self._fragments, self._size = None, [], 0
        return message
