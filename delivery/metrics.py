"""What this process counts, for Prometheus. Whoever counts imports its counter from here; `/metrics` shows them all.

Labels are resolved where a module is loaded (`CALLS = GRPC_CALLS.labels("Push", "ok")`), not for each delivery.
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
    """A counter for the event loop's hot path: a plain number, a fifth of the cost. One thread counts with it."""

    def __init__(self, name: str, documentation: str) -> None:
        self.value = 0
        self._name, self._documentation = name, documentation
        REGISTRY.register(self)

    def inc(self, amount: int = 1) -> None:
        self.value += amount

    def collect(self) -> Iterable[CounterMetricFamily]:
        return [CounterMetricFamily(self._name, self._documentation, value=self.value)]


class _Attachable(Protocol):
    attached: bool


PUSHES_IN = LoopCounter("imsite_pushes_in", "Events that this node's hub has passed, of whatever way they came.")
PUSHES_OUT = LoopCounter("imsite_pushes_out", "Events put out to connections of this node, once for each connection.")
REPAIRS = LoopCounter(
    "imsite_log_catchup_events", "Events that the hub had to read from the log because nobody brought them in time."
)
LAYER_DROPPED = Counter("imsite_layer_dropped", "What came over the channel layer and was not taken.", ["reason"])
GRPC_CALLS = Counter("imsite_grpc_calls", "Calls to other nodes, by their outcome.", ["method", "result"])
GRPC_DROPPED = Counter("imsite_grpc_dropped", "Events to or from other nodes that were dropped.", ["reason"])
OUTBOX_OVERFLOWS = Counter("imsite_outbox_overflows", "Connections closed because their reader was too slow.")
COMMIT_MESSAGES = Histogram(
    "imsite_commit_messages", "Messages in one commit.", buckets=(1, 2, 5, 10, 20, 50, 100, 200, 500)
)
COMMIT_SECONDS = Histogram(
    "imsite_commit_seconds",
    "Duration of one commit, its wait for locks included.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
LOOP_LAG = Histogram(
    "imsite_loop_lag_seconds",
    "How late the event loop was for a timer.",
    buckets=(0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 10),
)
ERRORS = Counter("imsite_errors", "Faults that were logged, of whatever kind.")
WEBHOOKS = Counter("imsite_webhook_attempts", "Requests to webhooks, by their outcome.", ["result"])
REDIS_AWAY = Gauge(
    "imsite_redis_away", "1 while Redis does not answer this node, which then knows who is online on itself only."
)
CONNECTIONS = Gauge("imsite_connections", "WebSocket connections of this node.")
LOGGED_IN = Gauge("imsite_logged_in", "Those of them on which somebody has logged in.")


def watch(connections: Mapping[str, _Attachable]) -> None:
    """Show these connections in the gauges, counted when somebody asks."""
    CONNECTIONS.set_function(lambda: len(connections))
    LOGGED_IN.set_function(lambda: sum(connection.attached for connection in list(connections.values())))


_LOSSES: dict[str, Collector] = {
    "errors": ERRORS,
    "outbox_overflows": OUTBOX_OVERFLOWS,
    "layer_dropped": LAYER_DROPPED,
    "grpc_dropped": GRPC_DROPPED,
    "repairs": REPAIRS,
}


def fault_counts() -> dict[str, int]:
    """What this process has counted of faults and losses since it started, by name: nodes tell each other."""
    return {name: int(_sum(metric)) for name, metric in _LOSSES.items()}


def redis_away() -> bool:
    """Whether Redis does not answer this node."""
    return _sum(REDIS_AWAY) > 0


def _sum(metric: Collector) -> float:
    return sum(sample.value for family in metric.collect() for sample in family.samples)
