"""Sounds and videos for uploads, made of little more than their headers."""

from __future__ import annotations

import io
import struct
import wave


def wav(milliseconds: int) -> bytes:
    """Return silence of this length."""
    made = io.BytesIO()
    with wave.open(made, "wb") as written:
        written.setparams((1, 1, 8000, 0, "NONE", ""))
        written.writeframes(b"\x80" * (8 * milliseconds))
    return made.getvalue()


def webm(width: int, height: int, milliseconds: int | None) -> bytes:
    """Return a WebM video of one empty frame. None: it does not tell its length, like those that browsers record."""
    head = _element(0x1A45DFA3, _number(0x42F7, 1) + _element(0x4282, b"webm") + _number(0x4287, 4))
    length = b"" if milliseconds is None else _element(0x4489, struct.pack(">d", milliseconds))
    info = _element(0x1549A966, _number(0x2AD7B1, 1_000_000) + length)
    size = _element(0xE0, _number(0xB0, width) + _number(0xBA, height))
    track = _element(0xAE, _number(0xD7, 1) + _number(0x83, 1) + _element(0x86, b"V_VP8") + size)
    cluster = _element(0x1F43B675, _number(0xE7, 0) + _element(0xA3, b"\x81\0\0\x80" + bytes(30)))
    return head + _element(0x18538067, info + _element(0x1654AE6B, track) + cluster)


def mp4(width: int, height: int, milliseconds: int, *, is_turned: bool = False) -> bytes:
    """Return an MP4 video without frames, turned by 90 degrees for showing if `is_turned`."""
    turns = (0, 0x10000, 0, -0x10000, 0, 0, 0, 0, 0x40000000) if is_turned else _UPRIGHT
    length = struct.pack(">III", 0, 0, 1000)
    movie = _full_box(b"mvhd", length, struct.pack(">IIH10x9i24xI", milliseconds, 0x10000, 0, *_UPRIGHT, 2))
    identity = struct.pack(">IIIII", 0, 0, 1, 0, milliseconds)
    shown = _full_box(b"tkhd", identity, struct.pack(">8xHHHH9iII", 0, 0, 0, 0, *turns, width << 16, height << 16))
    timing = _full_box(b"mdhd", struct.pack(">IIIIHH", 0, 0, 1000, milliseconds, 0x55C4, 0))
    handler = _full_box(b"hdlr", b"\0\0\0\0vide" + bytes(13))
    entry = _box(b"avc1", struct.pack(">6xH16xHHIIIH32sHh", 1, width, height, 0x480000, 0x480000, 0, 1, b"", 24, -1))
    table = _box(b"stbl", _full_box(b"stsd", struct.pack(">I", 1), entry))
    media = _box(b"mdia", timing + handler + _box(b"minf", table))
    return _box(b"ftyp", b"isom\0\0\0\0isomavc1") + _box(b"moov", movie + _box(b"trak", shown + media))


_UPRIGHT = (0x10000, 0, 0, 0, 0x10000, 0, 0, 0, 0x40000000)


def _element(identifier: int, content: bytes) -> bytes:
    name = identifier.to_bytes((identifier.bit_length() + 7) // 8, "big")
    return name + struct.pack(">Q", len(content) | 1 << 56) + content


def _number(identifier: int, value: int) -> bytes:
    return _element(identifier, value.to_bytes(max(1, (value.bit_length() + 7) // 8), "big"))


def _box(kind: bytes, content: bytes) -> bytes:
    return struct.pack(">I4s", len(content) + 8, kind) + content


def _full_box(kind: bytes, *contents: bytes) -> bytes:
    return _box(kind, b"\0\0\0\0" + b"".join(contents))
