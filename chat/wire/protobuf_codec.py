"""Codec of the Protocol Buffers protocol of `/ws`: decodes requests, encodes replies and pushes. Pure.

Every frame to the client is an OutputBatch. The functions here encode a batch of one; concatenated batches are a batch.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import NamedTuple, TypeVar

from google.protobuf.message import DecodeError
from google.protobuf.message import Message as ProtobufMessage

from chat.wire import im_pb2 as im

MAX_BATCH_BYTES = 65_536
"""Bytes after which no further Output joins a frame: clients limit the size they read."""
LOGIN, UP, GROUP = im.AT_LOGIN, im.AT_UP, im.ST_GROUP
_SESSIONS = {im.ST_SINGLE: "single", im.ST_GROUP: "group"}
_TYPES = {im.MT_TEXT: "text", im.MT_PICTURE: "picture", im.MT_VOICE: "voice"}
_TYPE_NUMBERS = {name: number for number, name in _TYPES.items()}


@dataclass(frozen=True, slots=True)
class Login:
    token: str


@dataclass(frozen=True, slots=True)
class Heartbeat:
    pass


class SendRequest(NamedTuple):
    """A message to send. `session` is "single" or "group", `type` is "text", "picture" or "voice"; None if unknown."""

    client_id: int
    client_msg_id: str
    session: str | None
    receiver: int
    sender: int
    type: str | None
    content: bytes


@dataclass(frozen=True, slots=True)
class Acknowledge:
    """The client has all pushes up to `seq`; None if it acknowledges something other than pushes."""

    seq: int | None


@dataclass(frozen=True, slots=True)
class Sync:
    seq: int


@dataclass(frozen=True, slots=True)
class JsonCall:
    """A request of the JSON protocol, not yet decoded."""

    raw: bytes


@dataclass(frozen=True, slots=True)
class Unknown:
    """An Input of an unknown type."""


Request = Login | Heartbeat | SendRequest | Acknowledge | Sync | JsonCall | Unknown


class BadInput(ValueError):
    """The frame is not a request. `login`: it is a Login with bad data; `readable`: it is an Input with bad data."""

    def __init__(self, why: str, *, readable: bool, login: bool = False) -> None:
        super().__init__(why)
        self.readable = readable
        self.login = login


class Message(NamedTuple):
    """A message as clients receive it.

    `single`: it belongs to a private channel, and `receiver` is the user who did not send it.
    """

    single: bool
    receiver: int
    sender: int
    type: str
    content: bytes
    seq: int
    time: int


M = TypeVar("M", bound=ProtobufMessage)


def _parsed(message: M, data: bytes, name: str, *, readable: bool, login: bool = False) -> M:
    try:
        message.ParseFromString(data)
    except DecodeError as error:
        raise BadInput(f"This is no {name}.", readable=readable, login=login) from error
    return message


def decode(raw: bytes) -> Request:
    """Decode a frame. Raise BadInput unless it is an Input with the data of its type; raise nothing else."""
    frame = _parsed(im.Input(), raw, "Input", readable=False)
    match frame.type:
        case im.CT_LOGIN:
            login = _parsed(im.LoginMsg(), frame.data, "LoginMsg", readable=True, login=True)
            return Login(login.token.decode("utf-8", "replace"))
        case im.CT_HEARTBEAT:
            return Heartbeat()
        case im.CT_MESSAGE:
            return _decode_send(_parsed(im.UpMsg(), frame.data, "UpMsg", readable=True))
        case im.CT_ACK:
            ack = _parsed(im.ACKMsg(), frame.data, "ACKMsg", readable=True)
            return Acknowledge(ack.seq if ack.type == im.AT_PUSH else None)
        case im.CT_SYNC:
            return Sync(_parsed(im.SyncInputMsg(), frame.data, "SyncInputMsg", readable=True).seq)
        case im.CT_CALL:
            return JsonCall(frame.data)
        case _:
            return Unknown()


def _decode_send(up: im.UpMsg) -> SendRequest:
    message = up.msg
    return SendRequest(
        client_id=up.clientId,
        client_msg_id=up.clientMsgId,
        session=_SESSIONS.get(message.session_type),
        receiver=message.receiver_id,
        sender=message.sender_id,
        type=_TYPES.get(message.message_type),
        content=message.content,
    )


def encode_acknowledgement(what: im.ACKType, code: int, text: str, *, client_id: int = 0, seq: int = 0) -> bytes:
    """Encode the acknowledgement `what`: the login succeeded, or message `client_id` is stored at position `seq`."""
    return _encode_output(im.CT_ACK, code, text, im.ACKMsg(type=what, clientId=client_id, seq=seq))


def encode_refusal(code: int, text: str, *, client_id: int = 0) -> bytes:
    """Encode a refusal, of message `client_id` if it is one (else 0)."""
    return _encode_output(im.CT_ACK, code, text, im.ACKMsg(clientId=client_id))


def encode_push(code: int, text: str, message: Message) -> bytes:
    """Encode the push of a message."""
    return _encode_output(im.CT_MESSAGE, code, text, im.PushMsg(msg=_message(message)))


def encode_sync_page(code: int, text: str, messages: Sequence[Message], *, has_more: bool) -> bytes:
    """Encode a page of messages that the client has missed."""
    page = im.SyncOutputMsg(messages=[_message(message) for message in messages], has_more=has_more)
    return _encode_output(im.CT_SYNC, code, text, page)


def encode_call(code: int, text: str, envelope: str) -> bytes:
    """Encode a reply or push of the JSON protocol as a Call."""
    return _encode_batch(im.Output(type=im.CT_CALL, code=code, CodeMsg=text, data=envelope.encode()))


def decode_pushed_message(frame: bytes) -> im.Message | None:
    """Return the message in a frame of this module; None if the frame does not push a message."""
    output = im.Output.FromString(im.OutputBatch.FromString(frame).outputs[0])
    return im.PushMsg.FromString(output.data).msg if output.type == im.CT_MESSAGE else None


@lru_cache(maxsize=128)
def pushed_seq(frame: bytes) -> int | None:
    """Return the number of the message in a frame of this module; None if the frame does not push a message.

    The same frame goes to all members of a group at about the same time, so it is decoded once.
    """
    message = decode_pushed_message(frame)
    return None if message is None else message.seq


def join_frames(frames: Sequence[bytes]) -> bytes:
    """Join frames of this module into one frame."""
    return frames[0] if len(frames) == 1 else b"".join(frames)


def batch_frames(frames: Sequence[bytes]) -> list[bytes]:
    """Join frames of this module into as few as MAX_BATCH_BYTES allows."""
    batches: list[bytes] = []
    together: list[bytes] = []
    size = 0
    for frame in frames:
        if together and size + len(frame) > MAX_BATCH_BYTES:
            batches.append(join_frames(together))
            together, size = [], 0
        together.append(frame)
        size += len(frame)
    return [*batches, join_frames(together)]


def _message(message: Message) -> im.Message:
    return im.Message(
        session_type=im.ST_SINGLE if message.single else im.ST_GROUP,
        receiver_id=message.receiver,
        sender_id=message.sender,
        message_type=_TYPE_NUMBERS.get(message.type, im.MT_UNKNOWN),
        content=message.content,
        seq=message.seq,
        send_time=message.time,
    )


def _encode_output(type: im.CmdType, code: int, text: str, data: ProtobufMessage) -> bytes:
    return _encode_batch(im.Output(type=type, code=code, CodeMsg=text, data=data.SerializeToString()))


def _encode_batch(output: im.Output) -> bytes:
    return im.OutputBatch(outputs=[output.SerializeToString()]).SerializeToString()
