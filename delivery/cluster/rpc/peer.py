"""One other node, seen from here: a channel to it, its breaker, and the pushes that wait for it."""

from __future__ import annotations

import asyncio
import logging
import time
from collections import deque
from collections.abc import Awaitable, Callable, Iterable
from typing import Any, TypeVar

import grpc
from django.conf import settings

from delivery.cluster.rpc import deliver_pb2, deliver_pb2_grpc
from delivery.cluster.rpc.circuit_breaker import CircuitBreaker
from delivery.cluster.rpc.credential import ClusterCredential
from delivery.cluster.rpc.options import CHANNEL, MAX_MESSAGE
from delivery.metrics import GRPC_CALLS, GRPC_DROPPED

logger = logging.getLogger(__name__)

T = TypeVar("T")

ATTEMPTS = 3
"""Of a call that may be repeated, all within its one deadline."""
RETRY_PAUSE = 0.25
"""Seconds before the second attempt; twice as many before each further one. Longer than gRPC leaves an address alone
(`delivery.cluster.rpc.options`): before that, an attempt fails without being made."""
BATCH_ENTRIES = 500
BATCH_BYTES = MAX_MESSAGE // 4
"""Where a request of pushes ends; a single larger entry goes alone."""
LARGEST_ENTRY = MAX_MESSAGE - 1024
PUSH_INTERVAL = 0.005
"""Seconds between two requests of pushes. One costs as much as thirty entries; alone, an entry does not wait."""

_ANSWERS = {grpc.StatusCode.INVALID_ARGUMENT, grpc.StatusCode.UNIMPLEMENTED}
"""Statuses of a node that is well: the call was wrong, or comes from a newer one."""


class PeerFailed(Exception):
    """A call to another node did not succeed. `reason` is a word: deadline, unavailable, left_alone, …"""

    def __init__(self, node: str, method: str, reason: str) -> None:
        super().__init__(f"{method} on node {node}: {reason}")
        self.node, self.method, self.reason = node, method, reason


class Peer:
    """A node at an address. To be made, used and stopped on one event loop."""

    def __init__(
        self, node: str, address: str, credential: ClusterCredential, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.node = node
        self.address = address
        self.breaker = CircuitBreaker(
            settings.IM_CIRCUIT_BREAKER_FAILURES, settings.IM_CIRCUIT_BREAKER_PAUSE_SECONDS, clock
        )
        credentials = credential.channel()
        self._channel = (
            grpc.aio.insecure_channel(address, options=CHANNEL)
            if credentials is None
            else grpc.aio.secure_channel(address, credentials, options=CHANNEL)
        )
        self._stub: Any = deliver_pb2_grpc.DeliverStub(self._channel)  # type: ignore[no-untyped-call]
        self._metadata = credential.metadata()
        self._stopped = False
        self._queue: deque[bytes] = deque()
        self._queued = 0
        self._news = asyncio.Event()
        self._sender: asyncio.Task[None] | None = None

    # -- pushes ---------------------------------------------------------------------------------------------------

    def push(self, entries: Iterable[bytes]) -> None:
        """Queue serialised entries. Over the bound the oldest go: those the node has most likely read from the log."""
        for entry in entries:
            if len(entry) > LARGEST_ENTRY:
                GRPC_DROPPED.labels("picture_too_large").inc()
                continue
            self._queue.append(entry)
            self._queued += len(entry)
        overflow = 0
        while self._queued > settings.IM_PEER_QUEUE_MAX_BYTES:
            self._queued -= len(self._queue.popleft())
            overflow += 1
        if overflow:
            GRPC_DROPPED.labels("overflow").inc(overflow)
        self._news.set()
        if self._sender is None and not self._stopped:
            self._sender = asyncio.create_task(self._send(), name=f"peer {self.node}")

    async def _send(self) -> None:
        """Send what waits, one request after the other, so that order is kept and load makes batches."""
        while True:
            await self._news.wait()
            self._news.clear()
            while self._queue:
                batch = self._take()
                try:
                    await self.call("Push", deliver_pb2.PushRequest(entries=batch))
                except PeerFailed as failure:
                    GRPC_DROPPED.labels(failure.reason).inc(len(batch))
                except Exception:
                    logger.exception("push_fault", extra={"node": self.node})
                await asyncio.sleep(PUSH_INTERVAL)

    def _take(self) -> list[bytes]:
        batch: list[bytes] = []
        size = 0
        while self._queue and len(batch) < BATCH_ENTRIES:
            if batch and size + len(self._queue[0]) > BATCH_BYTES:
                break
            entry = self._queue.popleft()
            size += len(entry)
            batch.append(entry)
        self._queued -= size
        return batch

    # -- calls ----------------------------------------------------------------------------------------------------

    async def call(self, method: str, request: Any, *, repeatable: bool = False) -> Any:
        """Make the call within IM_RPC_TIMEOUT; a `repeatable` one again if the connection broke. Raises PeerFailed."""
        if not self.breaker.allows():
            raise self._failed(method, "left_alone")
        deadline = time.monotonic() + settings.IM_RPC_TIMEOUT
        try:
            reply = await self._attempts(getattr(self._stub, method), request, deadline, ATTEMPTS if repeatable else 1)
        except grpc.aio.AioRpcError as error:
            code = error.code()
            if code in _ANSWERS:
                self.breaker.succeeded()
            else:
                self._note_failure(error)
            raise self._failed(method, _reason(code)) from error
        except (asyncio.CancelledError, grpc.aio.UsageError):
            # gRPC also cancels calls when their channel is closed, and takes none any more; then nobody has asked this
            # task to end.
            task = asyncio.current_task()
            if self._stopped and task is not None and not task.cancelling():
                raise self._failed(method, "stopped") from None
            raise
        self.breaker.succeeded()
        GRPC_CALLS.labels(method, "ok").inc()
        return reply

    async def _attempts(self, stub: Callable[..., Awaitable[T]], request: Any, deadline: float, attempts: int) -> T:
        pause = RETRY_PAUSE
        while True:
            attempts -= 1
            try:
                return await stub(request, timeout=max(0.001, deadline - time.monotonic()), metadata=self._metadata)
            except grpc.aio.AioRpcError as error:
                if error.code() is not grpc.StatusCode.UNAVAILABLE or not attempts:
                    raise
                if time.monotonic() + pause >= deadline:
                    raise
            await asyncio.sleep(pause)
            pause *= 2

    def _note_failure(self, error: grpc.aio.AioRpcError) -> None:
        was_open = self.breaker.open
        self.breaker.failed()
        if self.breaker.open and not was_open:
            detail = {"node": self.node, "code": error.code().name, "error": error.details()}
            logger.warning("peer_circuit_opened", extra=detail)

    def _failed(self, method: str, reason: str) -> PeerFailed:
        GRPC_CALLS.labels(method, reason).inc()
        return PeerFailed(self.node, method, reason)

    async def stop(self) -> None:
        """Drop what waits and end the calls that run: they fail."""
        self._stopped = True
        if self._sender is not None:
            self._sender.cancel()
            await asyncio.gather(self._sender, return_exceptions=True)
        self._queue.clear()
        await self._channel.close()


def _reason(code: grpc.StatusCode) -> str:
    return "deadline" if code is grpc.StatusCode.DEADLINE_EXCEEDED else code.name.lower()
