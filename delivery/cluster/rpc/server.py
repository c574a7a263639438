"""The called side of deliver.proto: other nodes push events to this node's hub and query its connections."""

from __future__ import annotations

import heapq
import logging
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeAlias, cast

import grpc
from grpc_health.v1 import health, health_pb2, health_pb2_grpc

from delivery import tracing
from delivery.cluster.entry_codec import MalformedEntry, decode_entry
from delivery.cluster.rpc import deliver_pb2, deliver_pb2_grpc
from delivery.cluster.rpc.credential import ClusterCredential
from delivery.cluster.rpc.options import SERVER_OPTIONS
from delivery.hub.connection import Connection
from delivery.hub.hub import Hub
from delivery.log import Entry, now_ms
from delivery.metrics import GRPC_DROPPED
from delivery.refusal_log import log_refusal
from delivery.request_id import METADATA_KEY, accept_request_id

logger = logging.getLogger(__name__)

SERVICE = deliver_pb2.DESCRIPTOR.services_by_name["Deliver"].full_name
USERS_PER_REPLY = 1000

_MALFORMED = GRPC_DROPPED.labels("malformed")
_UNDELIVERABLE = GRPC_DROPPED.labels("undeliverable")

AnswerPoll = Callable[[str, str, str, bytes], Awaitable[tuple[int, bytes]]]
"""Answers an HTTP call of a polling client: action, connection, owner, body. Returns status and body."""
Handler: TypeAlias = "grpc.RpcMethodHandler[Any, Any]"
Details = grpc.HandlerCallDetails


class _DeliverService(deliver_pb2_grpc.DeliverServicer):
    """Runs on the hub's event loop, so it calls the hub directly. Only `Poll` awaits anything."""

    def __init__(self, hub: Hub, node: str) -> None:
        self._hub = hub
        self._node = node
        self._started = now_ms()
        self.answer_poll: AnswerPoll | None = None

    async def Push(self, request: deliver_pb2.PushRequest, context: object) -> deliver_pb2.PushReply:
        committed: list[Entry] = []
        transient: list[Entry] = []
        malformed: list[str] = []
        for data in request.entries:
            try:
                entry = decode_entry(data)
            except MalformedEntry as error:
                malformed.append(str(error))
            else:
                (committed if entry.position else transient).append(entry)
        if malformed:
            logger.warning("push_malformed", extra={"count": len(malformed), "error": malformed[0]})
            _MALFORMED.inc(len(malformed))
        if committed:
            self._hub.receive(committed)
        failed = [entry for entry in transient if not self._deliver_transient(entry)]
        return deliver_pb2.PushReply(dropped=len(malformed) + len(failed))

    def _deliver_transient(self, entry: Entry) -> bool:
        """Deliver the event; return False if it could not be encoded."""
        try:
            self._hub.deliver_transient(entry)
        except Exception:
            logger.exception("push_undeliverable", extra={"kind": entry.kind})
            _UNDELIVERABLE.inc()
            return False
        return True

    async def FilterOnline(
        self, request: deliver_pb2.FilterOnlineRequest, context: object
    ) -> deliver_pb2.FilterOnlineReply:
        app = request.app if request.HasField("app") else None
        return deliver_pb2.FilterOnlineReply(
            user_ids=[
                user_id
                for user_id in request.user_ids
                if any(app is None or connection.app == app for connection in self._hub.connections_of(user_id))
            ]
        )

    async def ListOnline(self, request: deliver_pb2.ListOnlineRequest, context: object) -> deliver_pb2.ListOnlineReply:
        limit = min(request.limit, USERS_PER_REPLY) if request.limit > 0 else USERS_PER_REPLY
        names = {
            connection.user_id: connection.name
            for connection in self._hub.connections.values()
            if connection.is_attached and connection.app == request.app and (connection.user_id or 0) > request.after
        }
        page = heapq.nsmallest(limit + 1, names.items())
        return deliver_pb2.ListOnlineReply(
            users=[deliver_pb2.OnlineUser(id=user_id, name=name) for user_id, name in page[:limit]],
            has_more=len(page) > limit,
        )

    async def Close(
        self,
        request: deliver_pb2.CloseRequest,
        context: grpc.aio.ServicerContext[deliver_pb2.CloseRequest, deliver_pb2.CloseReply],
    ) -> deliver_pb2.CloseReply:
        connections: list[Connection]
        if request.HasField("user_id"):
            connections = self._hub.connections_of(request.user_id)
        elif request.credential:
            connections = list(self._hub.connections.values())
        else:
            await context.abort(grpc.StatusCode.INVALID_ARGUMENT, "Name a user or a credential.")
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

    async def Poll(self, request: deliver_pb2.PollRequest, context: object) -> deliver_pb2.PollReply:
        if self.answer_poll is None:
            return deliver_pb2.PollReply()
        try:
            status, body = await self.answer_poll(request.action, request.connection, request.owner, request.body)
        except Exception:
            # A failed call of gRPC would count against this node, whose circuit breaker clients could open.
            logger.exception("poll_error")
            return deliver_pb2.PollReply(status=500)
        return deliver_pb2.PollReply(status=status, body=body)


async def _refuse(requests: object, context: grpc.aio.ServicerContext[Any, Any]) -> None:
    await context.abort(grpc.StatusCode.UNAUTHENTICATED, "Only nodes of this site may call.")


def _traced(handler: Handler | None, method: str, metadata: Mapping[str, str | bytes]) -> Handler | None:
    """Return the handler of a call with a span around it, in the trace that the calling node has sent."""
    if handler is None or (answer := handler.unary_unary) is None:
        return handler
    parent = tracing.parse_traceparent(str(metadata.get(tracing.TRACEPARENT, "")))

    async def answer_traced(request: Any, context: Any) -> Any:
        with tracing.span(method.rpartition("/")[2], kind="server", parent=parent):
            return await cast(Awaitable[Any], answer(request, context))

    return grpc.unary_unary_rpc_method_handler(
        answer_traced,
        request_deserializer=handler.request_deserializer,
        response_serializer=handler.response_serializer,
    )


class _Authentication(grpc.aio.ServerInterceptor):
    """Requires the cluster's credential of every call, including calls of the health service and of unknown methods."""

    def __init__(self, credential: ClusterCredential) -> None:
        self._credential = credential
        # A streaming handler answers before it has read anything.
        self._refusal: Handler = grpc.stream_stream_rpc_method_handler(_refuse)

    async def intercept_service(
        self, continuation: Callable[[Details], Awaitable[Handler | None]], details: Details
    ) -> Handler | None:
        if self._credential.accepts(details.invocation_metadata):
            metadata = dict(details.invocation_metadata or ())
            accept_request_id(metadata.get(METADATA_KEY, ""))
            handler = await continuation(details)
            return _traced(handler, details.method, metadata) if tracing.is_tracing() else handler
        log_refusal("node_call_refused", allowed="nodes with the same secret", setting="IM_CLUSTER_SECRET")
        return self._refusal


class DeliverServer:
    """The gRPC server of this node, on the running loop. `address` is host:port; port 0 takes any, see `port`."""

    def __init__(self, hub: Hub, credential: ClusterCredential, address: str, *, node: str) -> None:
        self.port = 0
        self._credential, self._address = credential, address
        self._service = _DeliverService(hub, node)
        self._health = health.aio.HealthServicer()
        self._server: grpc.aio.Server | None = None

    def set_answer_poll(self, answer: AnswerPoll) -> None:
        """Let `answer` answer the calls of polling clients that other nodes forward."""
        self._service.answer_poll = answer

    async def start(self) -> None:
        """Accept calls. Raises OSError if the address cannot be bound."""
        server = grpc.aio.server(interceptors=[_Authentication(self._credential)], options=SERVER_OPTIONS)
        deliver_pb2_grpc.add_DeliverServicer_to_server(self._service, server)  # type: ignore[no-untyped-call]
        health_pb2_grpc.add_HealthServicer_to_server(self._health, server)
        await self._health.set(SERVICE, health_pb2.HealthCheckResponse.SERVING)
        credentials = self._credential.server_credentials()
        try:
            if credentials is None:
                self.port = server.add_insecure_port(self._address)
            else:
                self.port = server.add_secure_port(self._address, credentials)
        except RuntimeError as error:
            raise OSError(f"gRPC cannot listen on {self._address}: {error}") from error
        await server.start()
        self._server = server

    async def stop(self, grace_seconds: float = 1.0) -> None:
        """Report "not serving" to health checks, accept no more calls, and wait `grace_seconds` for running calls."""
        if self._server is not None:
            server, self._server = self._server, None
            await self._health.enter_graceful_shutdown()
            await server.stop(grace_seconds)
