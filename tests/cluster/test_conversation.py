"""Users on two nodes share one conversation and see no difference."""

from __future__ import annotations

import asyncio
import os

import pytest

from tests.support.conversation import assert_complete_and_ordered, send_many
from tests.support.monitoring import metrics
from tests.support.shared_site import Clients
from tests.support.two_nodes import TwoNodes

pytestmark = pytest.mark.postgres

MESSAGES = int(os.environ.get("CLUSTER_MESSAGES", "10000"))
"""Messages of one conversation, from both sides and in both channels together."""
PATIENCE = 300.0


async def test_a_long_conversation_across_two_nodes_is_complete_ordered_and_unrepeated(
    two_nodes: TwoNodes, node_clients: Clients
) -> None:
    alice = await node_clients.login(two_nodes.shared_site.account("alice"), at=two_nodes.a.acc)
    bob = await node_clients.login(two_nodes.shared_site.account("bob"), at=two_nodes.b.acc)
    group, private = await alice.group(bob), await alice.private(bob)
    share = MESSAGES // 4

    async with asyncio.timeout(PATIENCE):
        await asyncio.gather(
            send_many(alice, group, share),
            send_many(bob, group, share),
            send_many(alice, private, share),
            send_many(bob, private, share),
        )
        await assert_complete_and_ordered([alice, bob], {group: 2 * share, private: 2 * share})


async def test_a_private_message_and_a_read_mark_are_sent_by_grpc(two_nodes: TwoNodes, node_clients: Clients) -> None:
    alice = await node_clients.login(two_nodes.shared_site.account("alice"), at=two_nodes.a.acc)
    bob = await node_clients.login(two_nodes.shared_site.account("bob"), at=two_nodes.b.acc)
    phone = await node_clients.again(bob, at=two_nodes.a.acc, app=102)
    private = await alice.private(bob)
    before = metrics(two_nodes.a.url), metrics(two_nodes.b.url)

    sent = await alice.say(private)
    await bob.push("msg", target=private, id=sent["id"], msg="hello")
    await phone.push("msg", target=private, id=sent["id"])
    await bob.call("read.mark", target=private, seq=sent["seq"])
    await phone.push("read.mark", target=private, readSeq=sent["seq"])

    def calls(now: dict[str, float], then: dict[str, float]) -> float:
        name = 'imsite_grpc_calls_total{method="Push",result="ok"}'
        return now.get(name, 0) - then.get(name, 0)

    assert calls(metrics(two_nodes.a.url), before[0]) >= 1
    assert calls(metrics(two_nodes.b.url), before[1]) >= 1


async def test_typing_is_seen_on_the_other_node(two_nodes: TwoNodes, node_clients: Clients) -> None:
    alice = await node_clients.login(two_nodes.shared_site.account("alice"), at=two_nodes.a.acc)
    bob = await node_clients.login(two_nodes.shared_site.account("bob"), at=two_nodes.b.acc, activity=True)
    old_client = await node_clients.again(bob, at=two_nodes.b.acc)
    for target in (await alice.group(bob), await alice.private(bob)):
        assert await alice.call("typing", target=target) == {"target": target, "shown": True}
        assert (await bob.push("typing", target=target)).data["by"]["userId"] == alice.name
        await alice.say(target)
        await old_client.push("msg", target=target)
    assert "typing" not in [push.cmd for push in old_client.received]


async def test_a_long_message_reaches_the_other_node_without_the_log(
    two_nodes: TwoNodes, node_clients: Clients
) -> None:
    """It arrives by the channel's own group, which the node joins soon after its first member connects."""
    alice = await node_clients.login(two_nodes.shared_site.account("alice"), at=two_nodes.a.acc)
    bob = await node_clients.login(two_nodes.shared_site.account("bob"), at=two_nodes.b.acc)
    group, text = await alice.group(bob), "long " * 800

    repaired = []
    for _ in range(30):
        before = metrics(two_nodes.b.url)["imsite_log_catchup_events_total"]
        sent = await alice.say(group, text)
        await bob.push("msg", target=group, id=sent["id"], msg=text)
        repaired.append(metrics(two_nodes.b.url)["imsite_log_catchup_events_total"] - before)
        if not repaired[-1]:
            return
    pytest.fail(f"every one was read from the log: {repaired}")


async def test_all_connections_of_both_users_but_the_sending_one_get_a_message(
    two_nodes: TwoNodes, node_clients: Clients
) -> None:
    alice = await node_clients.login(two_nodes.shared_site.account("alice"), at=two_nodes.a.acc)
    bob = await node_clients.login(two_nodes.shared_site.account("bob"), at=two_nodes.b.acc)
    others = [
        await node_clients.again(alice, at=two_nodes.b.acc),
        await node_clients.again(alice, at=two_nodes.a.acc, app=102),
        await node_clients.again(bob, at=two_nodes.a.acc),
        bob,
    ]
    for target in (await alice.group(bob), await alice.private(bob)):
        sent = await alice.say(target)

        for device in others:
            await device.push("msg", target=target, id=sent["id"])
    assert all(item.cmd != "msg" for item in await alice.settle())


async def test_an_invitation_on_one_node_reaches_the_user_on_the_other(
    two_nodes: TwoNodes, node_clients: Clients
) -> None:
    alice = await node_clients.login(two_nodes.shared_site.account("alice"), at=two_nodes.a.acc)
    bob = await node_clients.login(two_nodes.shared_site.account("bob"), at=two_nodes.b.acc)
    group = await alice.group()

    await alice.call("channel.invite", target=group, members=[bob.name])
    await alice.say(group, "welcome")

    note = await bob.push("channel.note", target=group)
    assert note.data["note"] == "invited" and [one["userId"] for one in note.data["who"]] == [bob.name]
    await bob.push("msg", target=group, msg="welcome")


@pytest.mark.parametrize("how", ["left", "removed"])
async def test_a_leave_takes_effect_on_the_other_node_at_its_own_event(
    two_nodes: TwoNodes, node_clients: Clients, how: str
) -> None:
    alice = await node_clients.login(two_nodes.shared_site.account("alice"), at=two_nodes.a.acc)
    bob = await node_clients.login(two_nodes.shared_site.account("bob"), at=two_nodes.b.acc)
    phone = await node_clients.again(bob, at=two_nodes.a.acc)
    group = await alice.group(bob)
    await bob.push("channel.note", target=group)

    # All requests are in flight at once, so messages follow the leave closely.
    said = [await alice.post("message.send", target=group, type="text", msg="before") for _ in range(20)]
    if how == "removed":
        gone = await alice.post("channel.remove", target=group, member=bob.name)
    else:
        await asyncio.gather(*said)
        gone = await phone.post("channel.leave", target=group)
    assert (await gone).code == 200
    said += [await alice.post("message.send", target=group, type="text", msg="after") for _ in range(20)]
    await asyncio.gather(*said)

    for device in (bob, phone):
        await device.push("channel.note", target=group, note=how)
    # This is a later event of theirs, so every earlier one has arrived.
    private = await alice.private(bob)
    await alice.say(private, "the end")
    for device in (bob, phone):
        await device.push("msg", target=private, msg="the end")
        heard = [item.data["msg"] for item in device.received if item.cmd == "msg" and item.data["target"] == group]
        assert heard == ["before"] * 20


async def test_presence_changes_count_connections_of_the_whole_cluster(
    two_nodes: TwoNodes, node_clients: Clients
) -> None:
    watchers = [
        await node_clients.login(two_nodes.shared_site.account("carol"), at=two_nodes.a.acc, app=104),
        await node_clients.login(two_nodes.shared_site.account("carol"), at=two_nodes.b.acc, app=104),
    ]
    alice = await node_clients.login(two_nodes.shared_site.account("alice"), at=two_nodes.b.acc, app=104)
    for watcher in watchers:
        await watcher.push("enter", fromId=alice.id)

    again = await node_clients.again(alice, at=two_nodes.a.acc)
    await alice.close()
    bob = await node_clients.login(two_nodes.shared_site.account("bob"), at=two_nodes.b.acc, app=104)
    await bob.close()
    for watcher in watchers:
        # Bob connects later and leaves with the same grace period: a push about Alice would have arrived before his.
        await watcher.push("exit", fromId=bob.id)
    await again.close()
    for watcher in watchers:
        await watcher.push("exit", fromId=alice.id)

    for watcher in watchers:
        told = [
            item.cmd for item in watcher.received if item.cmd in ("enter", "exit") and item.data["fromId"] == alice.id
        ]
        assert told == ["enter", "exit"]
