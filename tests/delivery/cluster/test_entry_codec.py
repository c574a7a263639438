"""Entries survive the transport to another node; anything else is refused with one named error."""

from __future__ import annotations

import contextlib
from typing import Any

import orjson
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from delivery.cluster.entry_codec import MalformedEntry, decode_entry, encode_entry
from delivery.cluster.rpc import deliver_pb2
from delivery.log import Entry

_IDS = st.integers(0, 2**63 - 1)
_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53), 2**53) | _TEXT,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_TEXT, inner, max_size=3),
    max_leaves=8,
)
_ENTRIES = st.builds(
    Entry,
    kind=_TEXT.filter(bool),
    channel=st.none() | _IDS,
    user_ids=st.lists(_IDS, max_size=4).map(tuple),
    ref=st.none() | _IDS,
    subject=st.none() | _IDS,
    app=st.none() | _IDS,
    origin=st.sampled_from(["", "0123456789abcdef.7"]),
    header=st.fixed_dictionaries(
        {},
        optional={
            "join": st.lists(_IDS, max_size=2),
            "skip": st.lists(_IDS, max_size=2),
            "revoke": st.fixed_dictionaries({"credential": st.none() | _TEXT, "except": st.none() | _TEXT}),
        },
    ),
    body=st.dictionaries(_TEXT, _JSON, max_size=4),
    position=_IDS,
    time=_IDS,
    media_type=st.sampled_from(["", "picture"]),
    media=st.binary(max_size=20),
)


@settings(deadline=None)
@given(_ENTRIES)
def test_an_entry_survives_a_round_trip(entry: Entry) -> None:
    assert decode_entry(encode_entry(entry)) == entry


@settings(deadline=None)
@given(_ENTRIES)
def test_an_announcement_is_the_entry_without_body_and_media(entry: Entry) -> None:
    announced = decode_entry(encode_entry(entry, body=False), body=False)
    entry.body, entry.media_type, entry.media = {}, "", b""
    assert announced == entry


def test_an_announcement_and_an_event_are_not_mistaken_for_each_other() -> None:
    entry = Entry(kind="msg", channel=1, position=1)
    with pytest.raises(MalformedEntry):
        decode_entry(encode_entry(entry, body=False))
    with pytest.raises(MalformedEntry):
        decode_entry(encode_entry(entry), body=False)


def test_a_decoded_entry_equals_the_entry_read_from_the_log() -> None:
    """The log also returns string keys, and lists for tuples, so an encoder sees no difference."""
    entry = Entry(kind="msg", position=1, body={"who": (1, 2)})
    assert decode_entry(encode_entry(entry)).body == orjson.loads(orjson.dumps(entry.body))


def raw(**fields: Any) -> bytes:
    """Return an entry with exactly these fields."""
    return deliver_pb2.Entry(**({"position": 1, "kind": "msg", "body": b"{}"} | fields)).SerializeToString()


@pytest.mark.parametrize(
    "fields",
    [
        {"position": -1},
        {"time": -1},
        {"kind": ""},
        {"origin": "7"},
        {"origin": "0123.x"},
        {"origin": "0123.7\n"},
        {"origin": "0123.٣"},
        {"origin": "0123." + "9" * 5000},
        {"body": b""},
        {"body": b"[]"},
        {"body": b"{"},
        {"body": b'{"a": NaN}'},
        {"body": b'{"a": "\\ud800"}'},
        {"body": b"\xff"},
        {"body": b'{"a":' * 5000 + b"1" + b"}" * 5000},
        {"header": b"null"},
        {"header": b'{"join": 7}'},
        {"header": b'{"join": ["7"]}'},
        {"header": b'{"leave": [true]}'},
        {"header": b'{"skip": null}'},
        {"header": b'{"route": {"7": 8}}'},
        {"header": b'{"revoke": "all"}'},
        {"header": b'{"revoke": {"credential": 7}}'},
        {"header": b'{"revoke": {"except": []}}'},
        {"header": b'{"revoke": {"app": "101"}}'},
    ],
    ids=str,
)
def test_a_malformed_entry_is_refused(fields: dict[str, Any]) -> None:
    decode_entry(raw())
    with pytest.raises(MalformedEntry):
        decode_entry(raw(**fields))


@settings(deadline=None)
@given(st.binary(max_size=200))
def test_random_bytes_are_decoded_or_refused(data: bytes) -> None:
    with contextlib.suppress(MalformedEntry):
        decode_entry(data)


@settings(deadline=None)
@given(_ENTRIES, st.integers(0, 10_000), st.integers(1, 255))
def test_an_entry_with_a_changed_byte_is_decoded_or_refused(entry: Entry, place: int, change: int) -> None:
    data = bytearray(encode_entry(entry))
    data[place % len(data)] ^= change
    with contextlib.suppress(MalformedEntry):
        decode_entry(bytes(data))


@pytest.mark.parametrize("data", ["text", None, 7, ["a"], {}])
def test_a_value_that_is_not_bytes_is_refused(data: Any) -> None:
    """A message of the channel layer may contain any value."""
    with pytest.raises(MalformedEntry):
        decode_entry(data)
