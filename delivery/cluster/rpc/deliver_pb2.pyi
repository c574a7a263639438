from google.protobuf.internal import containers as _containers
from google.protobuf import descriptor as _descriptor
from google.protobuf import message as _message
from collections.abc import Iterable as _Iterable, Mapping as _Mapping
from typing import ClassVar as _ClassVar, Optional as _Optional, Union as _Union

DESCRIPTOR: _descriptor.FileDescriptor

class Entry(_message.Message):
    __slots__ = ("position", "time", "kind", "channel", "user_ids", "ref", "subject", "app", "origin", "header", "body", "media_type", "media")
    POSITION_FIELD_NUMBER: _ClassVar[int]
    TIME_FIELD_NUMBER: _ClassVar[int]
    KIND_FIELD_NUMBER: _ClassVar[int]
    CHANNEL_FIELD_NUMBER: _ClassVar[int]
    USER_IDS_FIELD_NUMBER: _ClassVar[int]
    REF_FIELD_NUMBER: _ClassVar[int]
    SUBJECT_FIELD_NUMBER: _ClassVar[int]
    APP_FIELD_NUMBER: _ClassVar[int]
    ORIGIN_FIELD_NUMBER: _ClassVar[int]
    HEADER_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    MEDIA_TYPE_FIELD_NUMBER: _ClassVar[int]
    MEDIA_FIELD_NUMBER: _ClassVar[int]
    position: int
    time: int
    kind: str
    channel: int
    user_ids: _containers.RepeatedScalarFieldContainer[int]
    ref: int
    subject: int
    app: int
    origin: str
    header: bytes
    body: bytes
    media_type: str
    media: bytes
    def __init__(self, position: _Optional[int] = ..., time: _Optional[int] = ..., kind: _Optional[str] = ..., channel: _Optional[int] = ..., user_ids: _Optional[_Iterable[int]] = ..., ref: _Optional[int] = ..., subject: _Optional[int] = ..., app: _Optional[int] = ..., origin: _Optional[str] = ..., header: _Optional[bytes] = ..., body: _Optional[bytes] = ..., media_type: _Optional[str] = ..., media: _Optional[bytes] = ...) -> None: ...

class PushRequest(_message.Message):
    __slots__ = ("entries",)
    ENTRIES_FIELD_NUMBER: _ClassVar[int]
    entries: _containers.RepeatedScalarFieldContainer[bytes]
    def __init__(self, entries: _Optional[_Iterable[bytes]] = ...) -> None: ...

class PushReply(_message.Message):
    __slots__ = ("dropped",)
    DROPPED_FIELD_NUMBER: _ClassVar[int]
    dropped: int
    def __init__(self, dropped: _Optional[int] = ...) -> None: ...

class FilterOnlineRequest(_message.Message):
    __slots__ = ("user_ids", "app")
    USER_IDS_FIELD_NUMBER: _ClassVar[int]
    APP_FIELD_NUMBER: _ClassVar[int]
    user_ids: _containers.RepeatedScalarFieldContainer[int]
    app: int
    def __init__(self, user_ids: _Optional[_Iterable[int]] = ..., app: _Optional[int] = ...) -> None: ...

class FilterOnlineReply(_message.Message):
    __slots__ = ("user_ids",)
    USER_IDS_FIELD_NUMBER: _ClassVar[int]
    user_ids: _containers.RepeatedScalarFieldContainer[int]
    def __init__(self, user_ids: _Optional[_Iterable[int]] = ...) -> None: ...

class ListOnlineRequest(_message.Message):
    __slots__ = ("app", "after", "limit")
    APP_FIELD_NUMBER: _ClassVar[int]
    AFTER_FIELD_NUMBER: _ClassVar[int]
    LIMIT_FIELD_NUMBER: _ClassVar[int]
    app: int
    after: int
    limit: int
    def __init__(self, app: _Optional[int] = ..., after: _Optional[int] = ..., limit: _Optional[int] = ...) -> None: ...

class OnlineUser(_message.Message):
    __slots__ = ("id", "name")
    ID_FIELD_NUMBER: _ClassVar[int]
    NAME_FIELD_NUMBER: _ClassVar[int]
    id: int
    name: str
    def __init__(self, id: _Optional[int] = ..., name: _Optional[str] = ...) -> None: ...

class ListOnlineReply(_message.Message):
    __slots__ = ("users", "has_more")
    USERS_FIELD_NUMBER: _ClassVar[int]
    HAS_MORE_FIELD_NUMBER: _ClassVar[int]
    users: _containers.RepeatedCompositeFieldContainer[OnlineUser]
    has_more: bool
    def __init__(self, users: _Optional[_Iterable[_Union[OnlineUser, _Mapping]]] = ..., has_more: _Optional[bool] = ...) -> None: ...

class CloseRequest(_message.Message):
    __slots__ = ("user_id", "credential")
    USER_ID_FIELD_NUMBER: _ClassVar[int]
    CREDENTIAL_FIELD_NUMBER: _ClassVar[int]
    user_id: int
    credential: str
    def __init__(self, user_id: _Optional[int] = ..., credential: _Optional[str] = ...) -> None: ...

class CloseReply(_message.Message):
    __slots__ = ("closed",)
    CLOSED_FIELD_NUMBER: _ClassVar[int]
    closed: int
    def __init__(self, closed: _Optional[int] = ...) -> None: ...

class StateRequest(_message.Message):
    __slots__ = ("addresses",)
    ADDRESSES_FIELD_NUMBER: _ClassVar[int]
    addresses: bool
    def __init__(self, addresses: _Optional[bool] = ...) -> None: ...

class StateReply(_message.Message):
    __slots__ = ("node", "started", "connections", "logged_in", "watermark", "logging_in", "addresses")
    NODE_FIELD_NUMBER: _ClassVar[int]
    STARTED_FIELD_NUMBER: _ClassVar[int]
    CONNECTIONS_FIELD_NUMBER: _ClassVar[int]
    LOGGED_IN_FIELD_NUMBER: _ClassVar[int]
    WATERMARK_FIELD_NUMBER: _ClassVar[int]
    LOGGING_IN_FIELD_NUMBER: _ClassVar[int]
    ADDRESSES_FIELD_NUMBER: _ClassVar[int]
    node: str
    started: int
    connections: int
    logged_in: int
    watermark: int
    logging_in: int
    addresses: _containers.RepeatedScalarFieldContainer[str]
    def __init__(self, node: _Optional[str] = ..., started: _Optional[int] = ..., connections: _Optional[int] = ..., logged_in: _Optional[int] = ..., watermark: _Optional[int] = ..., logging_in: _Optional[int] = ..., addresses: _Optional[_Iterable[str]] = ...) -> None: ...

class PollRequest(_message.Message):
    __slots__ = ("action", "connection", "owner", "body")
    ACTION_FIELD_NUMBER: _ClassVar[int]
    CONNECTION_FIELD_NUMBER: _ClassVar[int]
    OWNER_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    action: str
    connection: str
    owner: str
    body: bytes
    def __init__(self, action: _Optional[str] = ..., connection: _Optional[str] = ..., owner: _Optional[str] = ..., body: _Optional[bytes] = ...) -> None: ...

class PollReply(_message.Message):
    __slots__ = ("status", "body")
    STATUS_FIELD_NUMBER: _ClassVar[int]
    BODY_FIELD_NUMBER: _ClassVar[int]
    status: int
    body: bytes
    def __init__(self, status: _Optional[int] = ..., body: _Optional[bytes] = ...) -> None: ...
