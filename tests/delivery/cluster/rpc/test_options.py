"""The options of both ends. gRPC says nothing of a name that it does not know, and goes by its default."""

from __future__ import annotations

from pathlib import Path

import pytest
from grpc._cython import cygrpc

from delivery.cluster.rpc.options import CHANNEL, SERVER


@pytest.mark.parametrize("name", sorted({name for name, _ in [*CHANNEL, *SERVER]}))
def test_grpc_knows_the_option(name: str) -> None:
    assert name.encode() + b"\0" in Path(cygrpc.__file__).read_bytes()


def test_a_node_pings_no_more_often_than_the_other_allows() -> None:
    pings, allowed = dict(CHANNEL), dict(SERVER)
    assert pings["grpc.keepalive_time_ms"] > allowed["grpc.http2.min_ping_interval_without_data_ms"]
