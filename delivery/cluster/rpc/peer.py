"""One other node: a channel to it, its circuit breaker, and the queue of pushes to it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from contextvars import Context
from typing import Any, TypeVar

import grpc
from django.conf import settings

from delivery import tracing
from delivery.cluster.rpc import deliver_pb2, deliver_pb2_grpc
from delivery.cluster.rpc.circuit_breaker import CircuitBreaker
from delivery.cluster.rpc.credential import ClusterCredential
from delivery.cluster.rpc.options import CHANNEL_OPTIONS, MAX_MESSAGE_BYTES
from delivery.log_throttle import log_recovery
from delivery.metrics import GRPC_CALLS, GRPC_DROPPED
from delivery.request_id import METADATA_KEY, request_id

logger = logging.getLogger(__name__)

T = TypeVar("T")

MAX_ATTEMPTS = 3
"""Attempts of a repeatable call, all within its one deadline."""
RETRY_PAUSE_SECONDS = 0.25
"""Seconds before the second attempt; each further pause is twice as long.

Longer than gRPC's reconnect backoff (`delivery.cluster.rpc.options`): during that an attempt fails without a
connection.
"""
MAX_BATCH_ENTRIES = 500
MAX_BATCH_BYTES = MAX_MESSAGE_BYTES // 4
"""Bytes at which a request of pushes ends; a single larger event is sent alone."""
MAX_ENTRY_BYTES = MAX_MESSAGE_BYTES - 1024
PUSH_INTERVAL_SECONDS = 0.005
"""Seconds between two requests of pushes, because a request costs as much as thirty events. The first does not wait."""

_STATUSES_OF_HEALTHY_NODES = {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.UNIMPLEMENTED}
"""Errors of the call itself, or of a call that only newer nodes know. They do not count against the node."""


class PeerFailed(Exception):
    """A call to another node failed. `reason` is one word: deadline, unavailable, circuit_open, …"""

    def __init__(self, node: str, method: str, reason: str) -> None:
        super().__init__(f"{method} on node {node}: {reason}")
        self.node, self.method, self.reason = node, method, reason


class Peer:
    """A node at an address. To be created, used and stopped on one event loop."""

    def __init__(
        self, node: str, address: str, credential: ClusterCredential, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.node = node
        self.address = address
        self.breaker = CircuitBreaker(
            settings.IM_CIRCUIT_BREAKER_FAILURES, settings.IM_CIRCUIT_BREAKER_PAUSE_SECONDS, clock
        )
        credentials = credential.channel_credentials()
        self._channel = (
            grpc.aio.insecure_channel(address, options=CHANNEL_OPTIONS)
            if credentials is None
            else grpc.aio.secure_channel(address, credentials, options=CHANNEL_OPTIONS)
        )
        self._stub: Any = deliver_pb2_grpc.DeliverStub(self._channel)  # type: ignore[no-untyped-call]
        self._metadata = credential.metadata()
        self._stopped = False
        self._queue: deque[bytes] = deque()
        self._queued_bytes = 0
        self._trace: tracing.Context = None
        """The trace of the request whose events were queued last."""
        self._has_entries = asyncio.Event()
        self._sender: asyncio.Task[None] | None = None

    # -- pushes ---------------------------------------------------------------------------------------------------

    def push(self, entries: Iterable[bytes]) -> None:
        """Queue encoded events.

        Above the limit the oldest are dropped: the node has most likely read them from the log.
        """
        self._trace = tracing.current()
        for entry in entries:
            if len(entry) > MAX_ENTRY_BYTES:
                GRPC_DROPPED.labels("too_large").inc()
                continue
            self._queue.append(entry)
            self._queued_bytes += len(entry)
        overflow = 0
        while self._queued_bytes > settings.IM_PEER_QUEUE_MAX_BYTES:
            self._queued_bytes -= len(self._queue.popleft())
            overflow += 1
        if overflow:
            GRPC_DROPPED.labels("overflow").inc(overflow)
        self._has_entries.set()
        if self._sender is None and not self._stopped:
            # Its pushes belong to many requests.
            self._sender = asyncio.create_task(self._send(), name=f"peer {self.node}", context=Context())

    async def _send(self) -> None:
        """Send the queue in one request after the other, which keeps the order and forms batches under load."""
        while True:
            await self._has_entries.wait()
            self._has_entries.clear()
            while self._queue:
                batch = self._take_batch()
                try:
                    with tracing.span("send pushes", parent=self._trace, events=len(batch)):
                        await self.call("Push", deliver_pb2.PushRequest(entries=batch))
                except PeerFailed as failure:
                    GRPC_DROPPED.labels(failure.reason).inc(len(batch))
                except Exception:
                    logger.exception("push_error", extra={"node": self.node})
                await asyncio.sleep(PUSH_INTERVAL_SECONDS)

    def _take_batch(self) -> list[bytes]:
        batch: list[bytes] = []
        size = 0
        while self._queue and len(batch) < MAX_BATCH_ENTRIES:
            if batch and size + len(self._queue[0]) > MAX_BATCH_BYTES:
                break
            entry = self._queue.popleft()
            size += len(entry)
            batch.append(entry)
        self._queued_bytes -= size
        return batch

    # -- calls ----------------------------------------------------------------------------------------------------

    async def call(self, method: str, request: Any, *, repeatable: bool = False, wait_seconds: float = 0) -> Any:
        """Return the reply within IM_RPC_TIMEOUT and `wait_seconds`, for which the node itself may wait.

        A `repeatable` call is repeated if the connection breaks.

        Raises PeerFailed.
        """
        if not self.breaker.allow_call():
            raise self._count_failure(method, "circuit_open")
        deadline = time.monotonic() + settings.IM_RPC_TIMEOUT + wait_seconds
        try:
            attempts = MAX_ATTEMPTS if repeatable else 1
            with tracing.span(f"Deliver/{method}", kind="client"):
                reply = await self._try_call(getattr(self._stub, method), request, deadline, attempts)
        except grpc.aio.AioRpcError as error:
            code = error.code()
            if code in _STATUSES_OF_HEALTHY_NODES:
                self.breaker.record_success()
            elif code is not grpc.StatusCode.DEADLINE_EXCEEDED or not wait_seconds:
                # A call for which the node itself waits may be late because of a client.
                self._record_failure(error)
            raise self._count_failure(method, _reason(code)) from error
        except (asyncio.CancelledError, grpc.aio.UsageError):
            # gRPC also cancels calls when their channel is closed, and refuses new ones; this task goes on then.
            task = asyncio.current_task()
            if self._stopped and task is not None and not task.cancelling():
                raise self._count_failure(method, "stopped") from None
            raise
        self.breaker.record_success()
        log_recovery(logger, "peer_circuit_opened", node=self.node)
        GRPC_CALLS.labels(method, "ok").inc()
        return reply

    async def _try_call(self, stub: Callable[..., Awaitable[T]], request: Any, deadline: float, attempts: int) -> T:
        pause = RETRY_PAUSE_SECONDS
        caller = request_id()
        metadata = (*self._metadata, (METADATA_KEY, caller)) if caller else self._metadata
        metadata = (*metadata, *tracing.trace_headers())
        while True:
            attempts -= 1
            try:
                return await stub(request, timeout=max(0.001, deadline - time.monotonic()), metadata=metadata)
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.UNAVAILABLE or not attempts:
                    raise
                if time.monotonic() + pause >= deadline:
                    raise
            await asyncio.sleep(pause)
            pause *= 2

    def _record_failure(self, error: grpc.aio.AioRpcError) -> None:
        was_open = self.breaker.is_open
        self.breaker.record_failure()
        if self.breaker.is_open and not was_open:
            detail = {"node": self.node, "code": error.code().name, "error": error.details()}
            logger.warning("peer_circuit_opened", extra=detail)

    def _count_failure(self, method: str, reason: str) -> PeerFailed:
        GRPC_CALLS.labels(method, reason).inc()
        return PeerFailed(self.node, method, reason)

    async def stop(self) -> None:
        """Drop the queue and make running calls fail."""
        self._stopped = True
        if self._sender is not None:
            self._sender.cancel()
            await asyncio.gather(self._sender, return_exceptions=True)
        self._queue.clear()
        await self._channel.close()


def _reason(code: grpc.StatusCode) -> str:
    return "deadline" if code is grpc.StatusCode.DEADLINE_EXCEEDED else code.name.lower()
