"""How nodes speak gRPC. Both ends in one place, because they must agree: who pings more often than allowed is cut."""

from __future__ import annotations

MAX_MESSAGE = 4 * 1024 * 1024
"""Bytes of the largest request or reply."""

_KEEPALIVE = 20_000
_KEEPALIVE_ANSWER = 5_000
"""Milliseconds between pings, and for the answer to one."""

_BOTH = [
    ("grpc.max_receive_message_length", MAX_MESSAGE),
    ("grpc.max_send_message_length", MAX_MESSAGE),
    ("grpc.keepalive_time_ms", _KEEPALIVE),
    ("grpc.keepalive_timeout_ms", _KEEPALIVE_ANSWER),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
]

SERVER = [
    *_BOTH,
    ("grpc.http2.min_ping_interval_without_data_ms", _KEEPALIVE // 2),
    ("grpc.max_concurrent_streams", 100),
    # Two nodes on one port would each get some of the calls.
    ("grpc.so_reuseport", 0),
]

CHANNEL = [
    *_BOTH,
    # A node that is back is found again soon.
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 1_000),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    # Nodes reach each other directly whatever the environment says, and each channel has a connection of its own.
    ("grpc.enable_http_proxy", 0),
    ("grpc.use_local_subchannel_pool", 1),
]
