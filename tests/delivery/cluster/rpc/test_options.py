"""Both ends use channel options that gRPC knows. gRPC silently ignores an unknown option and uses its default."""

from __future__ import annotations

from pathlib import Path

import pytest
from grpc._cython import cygrpc

from delivery.cluster.rpc.options import CHANNEL_OPTIONS, SERVER_OPTIONS


@pytest.mark.parametrize("name", sorted({name for name, _ in [*CHANNEL_OPTIONS, *SERVER_OPTIONS]}))
def test_grpc_accepts_the_option(name: str) -> None:
    assert name.encode() + b"\0" in Path(cygrpc.__file__).read_bytes()


def test_the_ping_interval_respects_the_limit_of_the_server() -> None:
    pings, allowed = dict(CHANNEL_OPTIONS), dict(SERVER_OPTIONS)
    assert pings["grpc.keepalive_time_ms"] > allowed["grpc.http2.min_ping_interval_without_data_ms"]
