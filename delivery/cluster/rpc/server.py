"""The called side of deliver.proto: other nodes bring events to this hub and ask it who is there."""

from __future__ import annotations

import heapq
import logging
from collections.abc import Awaitable, Callable
from typing import Any, TypeAlias

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from delivery.cluster.entry_codec import Malformed, from_bytes
from delivery.cluster.rpc import deliver_pb2, deliver_pb2_grpc
from delivery.cluster.rpc.credential import ClusterCredential
from delivery.cluster.rpc.options import SERVER
from delivery.hub.connection import Connection
from delivery.hub.hub import Hub
from delivery.log import Entry, now_ms
from delivery.metrics import GRPC_DROPPED

logger = logging.getLogger(__name__)

SERVICE = deliver_pb2.DESCRIPTOR.services_by_name["Deliver"].full_name
PERSONS_PAGE = 1000
"""Persons in one reply."""

_MALFORMED = GRPC_DROPPED.labels("malformed")
_UNDELIVERABLE = GRPC_DROPPED.labels("undeliverable")

Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
Details = grpc.HandlerCallDetails


class _Deliver(deliver_pb2_grpc.DeliverServicer):
    """Runs on the hub's event loop, so it calls the hub directly; nothing here waits."""

    def __init__(self, hub: Hub, node: str) -> None:
        self._hub = hub
        self._node = node
        self._started = now_ms()

    async def Push(self, request: deliver_pb2.PushRequest, context: object) -> deliver_pb2.PushReply:
        committed: list[Entry] = []
        transient: list[Entry] = []
        malformed: list[str] = []
        for data in request.entries:
            try:
                entry = from_bytes(data)
            except Malformed as error:
                malformed.append(str(error))
            else:
                (committed if entry.position else transient).append(entry)
        if malformed:
            logger.warning("push_malformed", extra={"count": len(malformed), "error": malformed[0]})
            _MALFORMED.inc(len(malformed))
        if committed:
            self._hub.receive(committed)
        failed = [entry for entry in transient if not self._delivered(entry)]
        return deliver_pb2.PushReply(dropped=len(malformed) + len(failed))

    def _delivered(self, entry: Entry) -> bool:
        try:
            self._hub.deliver_transient(entry)
        except Exception:
            logger.exception("push_undeliverable", extra={"kind": entry.kind})
            _UNDELIVERABLE.inc()
            return False
        return True

    async def Online(self, request: deliver_pb2.OnlineRequest, context: object) -> deliver_pb2.OnlineReply:
        app = request.app if request.HasField("app") else None
        return deliver_pb2.OnlineReply(
            persons=[
                person
                for person in request.persons
                if any(app is None or connection.app == app for connection in self._hub.connections_of(person))
            ]
        )

    async def Persons(self, request: deliver_pb2.PersonsRequest, context: object) -> deliver_pb2.PersonsReply:
        limit = min(request.limit, PERSONS_PAGE) if request.limit > 0 else PERSONS_PAGE
        names = {
            connection.user_id: connection.name
            for connection in self._hub.connections.values()
            if connection.is_attached and connection.app == request.app and (connection.user_id or 0) > request.after
        }
        page = heapq.nsmallest(limit + 1, names.items())
        return deliver_pb2.PersonsReply(
            persons=[deliver_pb2.Person(id=person, name=name) for person, name in page[:limit]],
            has_more=len(page) > limit,
        )

    async def Close(
        self,
        request: deliver_pb2.CloseRequest,
        context: grpc.aio.ServicerContext[deliver_pb2.CloseRequest, deliver_pb2.CloseReply],
    ) -> deliver_pb2.CloseReply:
        connections: list[Connection]
        if request.HasField("person"):
            connections = self._hub.connections_of(request.person)
        elif request.credential:
            connections = list(self._hub.connections.values())
        else:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "Whose connections?")
        if request.HasField("credential"):
            connections = [each for each in connections if each.credential == request.credential]
        for connection in connections:
            connection.close(4001, "signed out")
        return deliver_pb2.CloseReply(closed=len(connections))

    async def State(self, request: deliver_pb2.StateRequest, context: object) -> deliver_pb2.StateReply:
        connections = self._hub.connections.values()
        return deliver_pb2.StateReply(
            node=self._node,
            started=self._started,
            connections=len(connections),
            logged_in=sum(connection.is_attached for connection in connections),
            watermark=self._hub.watermark,
            logging_in=sum(connection.user_id is not None and not connection.is_attached for connection in connections),
            addresses=[connection.address for connection in connections] if request.addresses else (),
        )


async def _refuse(requests: object, context: grpc.aio.ServicerContext[Any, Any]) -> None:
    await context.abort(grpc.StatusCode.UNAUTHENTICATED, "This is for the nodes of one site.")


class _Guard(grpc.aio.ServerInterceptor):
    """Every call shows the cluster's credential, those of the health service and of no service too."""

    def __init__(self, credential: ClusterCredential) -> None:
        self._credential = credential
        # Streaming, so that it answers before it has read anything.
        self._refusal: Handler = grpc.stream_stream_rpc_method_handler(_refuse)

    async def intercept_service(
        self, continuation: Callable[[Details], Awaitable[Handler | None]], details: Details
    ) -> Handler | None:
        if self._credential.admits(details.invocation_metadata):
            return await continuation(details)
        return self._refusal


class DeliverServer:
    """The service of this node, on the running loop. `address` is host:port; port 0 takes any, see `port`."""

    def __init__(self, hub: Hub, credential: ClusterCredential, address: str, *, node: str) -> None:
        self.port = 0
        self._hub, self._credential, self._address, self._node = hub, credential, address, node
        self._health = health.aio.HealthServicer()
        self._server: grpc.aio.Server | None = None

    async def start(self) -> None:
        """Take calls. Raises OSError if the address cannot be bound."""
        server = grpc.aio.server(interceptors=[_Guard(self._credential)], options=SERVER)
        deliver_pb2_grpc.add_DeliverServicer_to_server(_Deliver(self._hub, self._node), server)  # type: ignore[no-untyped-call]
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        await self._health.set(SERVICE, health_pb2.HealthCheckResponse.SERVING)
        credentials = self._credential.server()
        try:
            if credentials is None:
                self.port = server.add_insecure_port(self._address)
            else:
                self.port = server.add_secure_port(self._address, credentials)
        except RuntimeError as error:
            raise OSError(f"gRPC cannot listen on {self._address}: {error}") from error
        await server.start()
        self._server = server

    async def stop(self, grace: float = 1.0) -> None:
        """Say so to who asks for health, take no more calls, and give those that run `grace` seconds to end."""
        if self._server is not None:
            server, self._server = self._server, None
            await self._health.enter_graceful_shutdown()
            await server.stop(grace)
