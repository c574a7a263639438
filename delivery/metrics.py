"""Prometheus metrics of this process. Each module imports its counters from here; `/metrics` exposes them all.

Labels are resolved when a module is loaded (`CALLS = GRPC_CALLS.labels("Push", "ok")`), not for each delivery.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Protocol

import prometheus_client
from prometheus_client import REGISTRY, Counter, Gauge, Histogram
from prometheus_client.core import CounterMetricFamily
from prometheus_client.registry import Collector

prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call]


class LoopCounter(Collector):
    """A counter for the hot path of the event loop: a plain number, at a fifth of the cost. For one thread only."""

    def __init__(self, name: str, documentation: str) -> None:
        self.value = 0
        self._name, self._documentation = name, documentation
        REGISTRY.register(self)

    def inc(self, amount: int = 1) -> None:
        self.value += amount

    def collect(self) -> Iterable[CounterMetricFamily]:
        return [CounterMetricFamily(self._name, self._documentation, value=self.value)]


class _Attachable(Protocol):
    is_attached: bool


_SECONDS_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10)

PUSHES_IN = LoopCounter("imsite_pushes_in", "Events and transient pushes that this node's hub has handled.")
PUSHES_OUT = LoopCounter("imsite_pushes_out", "Pushes to connections of this node, counted once per connection.")
LOG_CATCHUP_EVENTS = LoopCounter(
    "imsite_log_catchup_events", "Events that the hub read from the log because no announcement came in time."
)
LAYER_DROPPED = Counter(
    "imsite_layer_dropped", "Events and messages of the channel layer that were dropped.", ["reason"]
)
GRPC_CALLS = Counter("imsite_grpc_calls", "gRPC calls to other nodes, by method and result.", ["method", "result"])
GRPC_DROPPED = Counter("imsite_grpc_dropped", "Events to or from other nodes that gRPC dropped, by reason.", ["reason"])
OUTBOX_OVERFLOWS = Counter("imsite_outbox_overflows", "Connections closed because the client read too slowly.")
COMMIT_MESSAGES = Histogram(
    "imsite_commit_messages", "Messages per commit.", buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500)
)
COMMIT_SECONDS = Histogram(
    "imsite_commit_seconds", "Duration of a commit, including its wait for locks.", buckets=_SECONDS_BUCKETS
)
LOOP_LAG = Histogram("imsite_loop_lag_seconds", "Delay of a timer on the event loop.", buckets=_SECONDS_BUCKETS)
UPLOADS = Counter("imsite_uploads", "Uploads of this node that have ended, by result.", ["result"])
STORAGE_FAILURES = Counter("imsite_storage_failures", "Failures of the storage of files during uploads.")
UPLOAD_BYTES = Counter("imsite_upload_bytes", "Bytes of uploads that this node has stored.")
STORED_BYTES = Gauge("imsite_attachment_bytes", "Bytes of all stored attachments, as of the last clean-up.")
STORED_FILES = Gauge("imsite_attachments", "Stored attachments, as of the last clean-up.")
ERRORS = Counter("imsite_errors", "Errors that were logged.")
WEBHOOKS = Counter("imsite_webhook_attempts", "Requests to webhooks, by result.", ["result"])
PUSH_NOTIFICATIONS = Counter(
    "imsite_push_notifications", "Notifications by Web Push that this node has sent, retried or dropped.", ["result"]
)
MAIL_DIGESTS = Counter(
    "imsite_mail_digests",
    "Mails of missed messages that this node has sent, retried or given up.",
    ["result"],
)
PUSH_QUEUE_SECONDS = Gauge("imsite_push_queue_seconds", "Age of the oldest notification that is due, on its node.")
REDIS_AWAY = Gauge("imsite_redis_away", "1 while this node cannot use Redis; presence is then of this node alone.")
NODE_ID_USED_TWICE = Gauge(
    "imsite_node_id_used_twice", "1 while another process runs with this node's id; only one of them gets calls."
)
DATABASE_AWAY = Gauge("imsite_database_away", "1 while this node cannot read the event log; nobody can send then.")
REPLICA_AWAY = Gauge(
    "imsite_replica_away", "1 while this node cannot use the replica of PostgreSQL; the primary answers then."
)
REPLICA_LAG = Gauge(
    "imsite_replica_lag_seconds",
    "How long ago the primary was where the replica is now, as this node last measured it.",
)
REPLICA_READS = Counter(
    "imsite_replica_reads",
    "Pages of history and search of a site with a replica, by what answered or why not.",
    ["result"],
)
COMMIT_FAILURES = Counter("imsite_commit_failures", "Commits of messages that have failed.")
MAX_CONNECTIONS = Gauge("imsite_max_connections", "Connections at which this node refuses more (IM_MAX_CONNECTIONS).")
CONNECTIONS = Gauge("imsite_connections", "Connections of this node, by WebSocket or by polling.")
LOGGED_IN = Gauge("imsite_logged_in", "Connections of this node that have logged in.")
POLLING_CONNECTIONS = Gauge(
    "imsite_polling_connections", "Connections of this node that poll, because no WebSocket gets through to them."
)


def watch_connections(connections: Mapping[str, _Attachable], limit: int) -> None:
    """Let the gauges count these connections whenever the metrics are read. `limit`: the most that the node accepts."""
    MAX_CONNECTIONS.set(limit)
    CONNECTIONS.set_function(lambda: len(connections))
    LOGGED_IN.set_function(lambda: sum(connection.is_attached for connection in list(connections.values())))


_FAULT_COUNTERS: dict[str, Collector] = {
    "errors": ERRORS,
    "outbox_overflows": OUTBOX_OVERFLOWS,
    "layer_dropped": LAYER_DROPPED,
    "grpc_dropped": GRPC_DROPPED,
    "log_catchup_events": LOG_CATCHUP_EVENTS,
}


def fault_counts() -> dict[str, int]:
    """Return what this process has counted of errors and drops since it started, by name."""
    return {name: int(_total(metric)) for name, metric in _FAULT_COUNTERS.items()}


def is_redis_away() -> bool:
    """Return whether this node cannot use Redis: it does not answer, or takes no writes."""
    return _total(REDIS_AWAY) > 0


def is_replica_away() -> bool:
    """Return whether this node has a replica of PostgreSQL and cannot use it."""
    return _total(REPLICA_AWAY) > 0


def _total(metric: Collector) -> float:
    return sum(sample.value for family in metric.collect() for sample in family.samples)
