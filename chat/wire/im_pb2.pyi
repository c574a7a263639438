from google.protobuf.internal import containers as _containers
from google.protobuf.internal import enum_type_wrapper as _enum_type_wrapper
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class CmdType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    CT_UNKNOWN: _ClassVar[CmdType]
    CT_LOGIN: _ClassVar[CmdType]
    CT_HEARTBEAT: _ClassVar[CmdType]
    CT_MESSAGE: _ClassVar[CmdType]
    CT_ACK: _ClassVar[CmdType]
    CT_SYNC: _ClassVar[CmdType]
    CT_CALL: _ClassVar[CmdType]

class ACKType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    AT_UNKNOWN: _ClassVar[ACKType]
    AT_UP: _ClassVar[ACKType]
    AT_PUSH: _ClassVar[ACKType]
    AT_LOGIN: _ClassVar[ACKType]

class SessionType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    ST_UNKNOWN: _ClassVar[SessionType]
    ST_SINGLE: _ClassVar[SessionType]
    ST_GROUP: _ClassVar[SessionType]

class MessageType(int, metaclass=_enum_type_wrapper.EnumTypeWrapper):
    __slots__ = ()
    MT_UNKNOWN: _ClassVar[MessageType]
    MT_TEXT: _ClassVar[MessageType]
    MT_PICTURE: _ClassVar[MessageType]
    MT_VOICE: _ClassVar[MessageType]
CT_UNKNOWN: CmdType
CT_LOGIN: CmdType
CT_HEARTBEAT: CmdType
CT_MESSAGE: CmdType
CT_ACK: CmdType
CT_SYNC: CmdType
CT_CALL: CmdType
AT_UNKNOWN: ACKType
AT_UP: ACKType
AT_PUSH: ACKType
AT_LOGIN: ACKType
ST_UNKNOWN: SessionType
ST_SINGLE: SessionType
ST_GROUP: SessionType
MT_UNKNOWN: MessageType
MT_TEXT: MessageType
MT_PICTURE: MessageType
MT_VOICE: MessageType

class Input(_message.Message):
    __slots__ = ("type", "data")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    type: CmdType
    data: bytes
    def __init__(self, type: _Optional[_Union[CmdType, str]] = ..., data: _Optional[bytes] = ...) -> None: ...

class Output(_message.Message):
    __slots__ = ("type", "code", "CodeMsg", "data")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    CODE_FIELD_NUMBER: _ClassVar[int]
    CODEMSG_FIELD_NUMBER: _ClassVar[int]
    DATA_FIELD_NUMBER: _ClassVar[int]
    type: CmdType
    code: int
    CodeMsg: str
    data: bytes
    def __init__(self, type: _Optional[_Union[CmdType, str]] = ..., code: _Optional[int] = ..., CodeMsg: _Optional[str] = ..., data: _Optional[bytes] = ...) -> None: ...

class OutputBatch(_message.Message):
    __slots__ = ("outputs",)
    OUTPUTS_FIELD_NUMBER: _ClassVar[int]
    outputs: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, outputs: _Optional[_Iterable[bytes]] = ...) -> None: ...

class LoginMsg(_message.Message):
    __slots__ = ("token",)
    TOKEN_FIELD_NUMBER: _ClassVar[int]
    token: bytes
    def __init__(self, token: _Optional[bytes] = ...) -> None: ...

class HeartbeatMsg(_message.Message):
    __slots__ = ()
    def __init__(self) -> None: ...

class UpMsg(_message.Message):
    __slots__ = ("msg", "clientId", "clientMsgId")
    MSG_FIELD_NUMBER: _ClassVar[int]
    CLIENTID_FIELD_NUMBER: _ClassVar[int]
    CLIENTMSGID_FIELD_NUMBER: _ClassVar[int]
    msg: Message
    clientId: int
    clientMsgId: str
    def __init__(self, msg: _Optional[_Union[Message, _Mapping]] = ..., clientId: _Optional[int] = ..., clientMsgId: _Optional[str] = ...) -> None: ...

class PushMsg(_message.Message):
    __slots__ = ("msg",)
    MSG_FIELD_NUMBER: _ClassVar[int]
    msg: Message
    def __init__(self, msg: _Optional[_Union[Message, _Mapping]] = ...) -> None: ...

class SyncInputMsg(_message.Message):
    __slots__ = ("seq",)
    SEQ_FIELD_NUMBER: _ClassVar[int]
    seq: int
    def __init__(self, seq: _Optional[int] = ...) -> None: ...

class SyncOutputMsg(_message.Message):
    __slots__ = ("messages", "has_more")
    MESSAGES_FIELD_NUMBER: _ClassVar[int]
    HAS_MORE_FIELD_NUMBER: _ClassVar[int]
    messages: _containers.RepeatedCompositeFieldContainer[Message]
    has_more: bool
    def __init__(self, messages: _Optional[_Iterable[_Union[Message, _Mapping]]] = ..., has_more: _Optional[bool] = ...) -> None: ...

class ACKMsg(_message.Message):
    __slots__ = ("type", "clientId", "seq")
    TYPE_FIELD_NUMBER: _ClassVar[int]
    CLIENTID_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    type: ACKType
    clientId: int
    seq: int
    def __init__(self, type: _Optional[_Union[ACKType, str]] = ..., clientId: _Optional[int] = ..., seq: _Optional[int] = ...) -> None: ...

class Message(_message.Message):
    __slots__ = ("session_type", "receiver_id", "sender_id", "message_type", "content", "seq", "send_time")
    SESSION_TYPE_FIELD_NUMBER: _ClassVar[int]
    RECEIVER_ID_FIELD_NUMBER: _ClassVar[int]
    SENDER_ID_FIELD_NUMBER: _ClassVar[int]
    MESSAGE_TYPE_FIELD_NUMBER: _ClassVar[int]
    CONTENT_FIELD_NUMBER: _ClassVar[int]
    SEQ_FIELD_NUMBER: _ClassVar[int]
    SEND_TIME_FIELD_NUMBER: _ClassVar[int]
    session_type: SessionType
    receiver_id: int
    sender_id: int
    message_type: MessageType
    content: bytes
    seq: int
    send_time: int
    def __init__(self, session_type: _Optional[_Union[SessionType, str]] = ..., receiver_id: _Optional[int] = ..., sender_id: _Optional[int] = ..., message_type: _Optional[_Union[MessageType, str]] = ..., content: _Optional[bytes] = ..., seq: _Optional[int] = ..., send_time: _Optional[int] = ...) -> None: ...
