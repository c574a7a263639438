"""gRPC on loopback: a server of a hub, a server that a test scripts, and peers that call them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import grpc
import pytest

from delivery.cluster.rpc import deliver_pb2
from delivery.cluster.rpc.credential import ClusterCredential
from delivery.cluster.rpc.options import CHANNEL_OPTIONS
from delivery.cluster.rpc.peer import PeerFailed
from delivery.cluster.rpc.peers import Peers
from delivery.cluster.rpc.server import DeliverServer
from delivery.hub.hub import Hub
from delivery.metrics import GRPC_CALLS, GRPC_DROPPED
from tests.support.waiting import TIMEOUT_SECONDS

CREDENTIAL = ClusterCredential("the cluster's secret")


@asynccontextmanager
async def running_server(
    hub: Hub, credential: ClusterCredential = CREDENTIAL, node: str = "a", port: int = 0
) -> AsyncIterator[DeliverServer]:
    """Run the gRPC service of a hub on a port of its own."""
    server = DeliverServer(hub, credential, f"127.0.0.1:{port}", node=node)
    await server.start()
    try:
        yield server
    finally:
        await server.stop(0)


class Clock:
    """The clock of circuit breakers, which the test moves."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@asynccontextmanager
async def connected_peers(
    ports: Mapping[str, int], credential: ClusterCredential = CREDENTIAL, clock: Clock | None = None
) -> AsyncIterator[Peers]:
    """Run peers that know these nodes, by name and port."""
    peers = Peers(credential, clock or Clock())
    peers.set_nodes({node: f"127.0.0.1:{port}" for node, port in ports.items()})
    try:
        yield peers
    finally:
        await peers.stop()


async def bare_call(
    port: int,
    method: str,
    request: bytes = b"",
    metadata: Any = CREDENTIAL.metadata(),  # noqa: B008  a constant
    credentials: grpc.ChannelCredentials | None = None,
) -> bytes:
    """Make a gRPC call with these bytes as request and return the bytes of the reply."""
    target = f"127.0.0.1:{port}"
    channel = (
        grpc.aio.insecure_channel(target, options=CHANNEL_OPTIONS)
        if credentials is None
        else grpc.aio.secure_channel(target, credentials, options=CHANNEL_OPTIONS)
    )
    async with channel:
        call: Any = channel.unary_unary(method)
        reply: bytes = await call(request, metadata=metadata, timeout=TIMEOUT_SECONDS)
        return reply


async def status(*args: Any, **kwargs: Any) -> grpc.StatusCode:
    """Make a `bare_call` and return its gRPC status."""
    try:
        await bare_call(*args, **kwargs)
    except grpc.aio.AioRpcError as error:
        return error.code()
    return grpc.StatusCode.OK


async def failure(call: Any) -> str:
    """Await the call, which must raise PeerFailed, and return its reason."""
    with pytest.raises(PeerFailed) as caught:
        await call
    return caught.value.reason


def dropped(reason: str) -> float:
    """Return the number of entries dropped for this reason so far."""
    return float(GRPC_DROPPED.labels(reason)._value.get())


def calls(method: str, result: str) -> float:
    """Return the number of calls with this result so far."""
    return float(GRPC_CALLS.labels(method, result)._value.get())


class ScriptedServer:
    """A gRPC server that answers `State`, `Poll` and `Push` with scripted bytes, without checks."""

    def __init__(self) -> None:
        self.port = 0
        self.codes: list[grpc.StatusCode] = []
        """The results of the next calls; later calls succeed."""
        self.pushed: list[list[bytes]] = []
        self.calls = 0
        self.gate = asyncio.Event()
        """Calls wait until this event is set."""
        self.gate.set()

    async def answer(self, request: bytes, context: Any) -> bytes:
        self.calls += 1
        await self.gate.wait()
        if self.codes:
            await context.abort(self.codes.pop(0))
        return b""

    async def push(self, request: bytes, context: Any) -> bytes:
        self.pushed.append(list(deliver_pb2.PushRequest.FromString(request).entries))
        return await self.answer(request, context)


@asynccontextmanager
async def scripted_server() -> AsyncIterator[ScriptedServer]:
    """Run a ScriptedServer."""
    made = ScriptedServer()
    server = grpc.aio.server()
    handlers: dict[str, grpc.RpcMethodHandler[Any, Any]] = {
        "Push": grpc.unary_unary_rpc_method_handler(made.push),
        "State": grpc.unary_unary_rpc_method_handler(made.answer),
        "Poll": grpc.unary_unary_rpc_method_handler(made.answer),
    }
    server.add_generic_rpc_handlers((grpc.method_handlers_generic_handler("delivery.Deliver", handlers),))
    made.port = server.add_insecure_port("127.0.0.1:0")
    await server.start()
    try:
        yield made
    finally:
        made.gate.set()
        await server.stop(0)
