"""Attack 14: a program that is no node of the cluster calls a node, or writes to the channel layer.

Every call needs the cluster's credential. A message of the layer that no node has sealed, or that is damaged, is
dropped and counted; those behind it are delivered.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, cast

import grpc
import pytest
from channels.layers import InMemoryChannelLayer
from grpc_health.v1 import health_pb2

from delivery.cluster.entry_codec import encode_entry
from delivery.cluster.layer_groups import LOG_GROUP
from delivery.cluster.message_seal import MessageSeal
from delivery.cluster.relay import Relay
from delivery.cluster.rpc import deliver_pb2
from delivery.hub.hub import Hub
from delivery.log import Entry
from delivery.metrics import LAYER_DROPPED
from tests.support.cluster_rpc import CREDENTIAL, running_server, status
from tests.support.waiting import wait_until

SECRET = "the cluster's secret"
CREDENTIALS: dict[str, Any] = {
    "nothing": None,
    "a wrong secret": (("authorization", "Bearer another secret"),),
    "a user's token": (("authorization", f"Bearer {'0f' * 32}"),),
    "an empty secret": (("authorization", "Bearer "),),
    "the secret in another field": (("token", CREDENTIAL.secret),),
}
"""Metadata of callers that are no node."""


def rpc_methods() -> Iterator[str]:
    """Return the paths of all calls that a node answers."""
    for file in (deliver_pb2.DESCRIPTOR, health_pb2.DESCRIPTOR):
        for service in file.services_by_name.values():
            yield from (f"/{service.full_name}/{method.name}" for method in service.methods)


class UntouchedHub:
    """A hub that no refused call may reach."""

    def __getattr__(self, name: str) -> Any:
        raise AssertionError(f"a refused call has used hub.{name}")


def test_the_calls_are_found() -> None:
    assert {"/delivery.Deliver/Push", "/delivery.Deliver/Poll", "/grpc.health.v1.Health/Check"} <= {*rpc_methods()}


@pytest.mark.parametrize("metadata", CREDENTIALS.values(), ids=CREDENTIALS)
async def test_no_call_is_answered_without_the_credential(metadata: Any) -> None:
    async with running_server(cast(Hub, UntouchedHub())) as server:
        refused = {method: await status(server.port, method, metadata=metadata) for method in rpc_methods()}
    assert refused == dict.fromkeys(rpc_methods(), grpc.StatusCode.UNAUTHENTICATED)


# -- the channel layer ------------------------------------------------------------------------------------------------


class RecordingReceiver:
    """Records the entries that a relay passes on, as kind and position."""

    def __init__(self) -> None:
        self.got: list[str] = []

    def receive(self, entries: Sequence[Entry]) -> None:
        self.got += [f"{entry.kind}@{entry.position}" for entry in entries]

    receive_announcements = receive

    def deliver_transient(self, entry: Entry) -> None:
        self.receive([entry])


async def _find_nodes(user_ids: Sequence[int]) -> Mapping[int, set[str]]:
    return {}


async def _push_to_node(node: str, entries: Sequence[Entry]) -> None:
    raise AssertionError("nothing is pushed")


def sealed(kind: str, *packed: bytes, secret: str = SECRET, **changes: Any) -> dict[str, Any]:
    """Return a message as the node `a` with this secret sends it, with changes made after it was sealed."""
    seal = MessageSeal(secret).make(kind, "a", packed)
    return {"type": kind, "node": "a", "entries": list(packed), "seal": seal} | changes


def poison() -> dict[str, tuple[str, Any]]:
    """Return messages with the reason for which they are dropped."""
    entry = encode_entry(Entry(kind="forged", channel=1, position=7))
    whole = sealed("bodies", entry)
    without = {name: {key: value for key, value in whole.items() if key != name} for name in whole}
    return {
        **{f"without {name}": ("malformed", message) for name, message in without.items()},
        "sealed with another secret": ("forged", sealed("bodies", entry, secret="another")),
        "from another node than sealed": ("forged", whole | {"node": "c"}),
        "of another kind than sealed": ("forged", whole | {"type": "announce"}),
        "with another entry than sealed": ("forged", whole | {"entries": [entry, entry]}),
        "with an empty seal": ("forged", whole | {"seal": b""}),
        "with a text as seal": ("malformed", whole | {"seal": "x" * 16}),
        "with a number as seal": ("malformed", whole | {"seal": 1}),
        "with numbers as entries": ("malformed", whole | {"entries": [1, 2]}),
        "with a map as entries": ("malformed", whole | {"entries": {"a": 1}}),
        "with entries that are none": ("malformed", sealed("bodies", b"\xff\xff", entry[:-1])),
        "with no entries at all": ("malformed", whole | {"entries": None}),
    }


@pytest.mark.parametrize("name", poison())
async def test_a_poisoned_message_is_dropped_and_counted(name: str) -> None:
    reason, message = poison()[name]
    receiver, layer = RecordingReceiver(), InMemoryChannelLayer()
    relay = Relay(
        node="b",
        layer=layer,
        secret=SECRET,
        receiver=receiver,
        find_nodes=_find_nodes,
        push_to_node=_push_to_node,
        refresh_registry=lambda: None,
    )

    def dropped() -> float:
        return float(LAYER_DROPPED.labels(reason)._value.get())

    await relay.start()
    try:
        await wait_until(lambda: relay._has_introduced)
        before = dropped()
        await layer.group_send(LOG_GROUP, message)
        await layer.group_send(LOG_GROUP, sealed("bodies", encode_entry(Entry(kind="msg", channel=1, position=8))))
        await wait_until(lambda: "msg@8" in receiver.got)
    finally:
        await relay.stop()

    assert (receiver.got, dropped() - before) == (["msg@8"], 1)
