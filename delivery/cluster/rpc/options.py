"""gRPC options of both sides. They must agree: a server closes a channel that pings more often than it allows."""

from __future__ import annotations

MAX_MESSAGE_BYTES = 4 * 1024 * 1024
"""The size of the largest request or reply."""

MAX_CONCURRENT_CALLS = 20_000
"""Calls of one node at a time. Waiting polls of clients count, and other calls must not queue behind them."""

_KEEPALIVE_INTERVAL_MS = 20_000
_KEEPALIVE_TIMEOUT_MS = 5_000

_COMMON_OPTIONS = [
    ("grpc.max_receive_message_length", MAX_MESSAGE_BYTES),
    ("grpc.max_send_message_length", MAX_MESSAGE_BYTES),
    ("grpc.keepalive_time_ms", _KEEPALIVE_INTERVAL_MS),
    ("grpc.keepalive_timeout_ms", _KEEPALIVE_TIMEOUT_MS),
    ("grpc.keepalive_permit_without_calls", 1),
    ("grpc.http2.max_pings_without_data", 0),
]

SERVER_OPTIONS = [
    *_COMMON_OPTIONS,
    ("grpc.http2.min_ping_interval_without_data_ms", _KEEPALIVE_INTERVAL_MS // 2),
    ("grpc.max_concurrent_streams", MAX_CONCURRENT_CALLS),
    # Two nodes on one port would each get some of the calls.
    ("grpc.so_reuseport", 0),
]

CHANNEL_OPTIONS = [
    *_COMMON_OPTIONS,
    # A node that is back is found again soon.
    ("grpc.initial_reconnect_backoff_ms", 200),
    ("grpc.min_reconnect_backoff_ms", 1_000),
    ("grpc.max_reconnect_backoff_ms", 2_000),
    # Nodes reach each other directly, whatever proxy the environment names, and each channel has its own connection.
    ("grpc.enable_http_proxy", 0),
    ("grpc.use_local_subchannel_pool", 1),
]
