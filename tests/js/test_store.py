"""The page knows where the user may send, who their friends are, and the current names of users."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page

from tests.support import machine

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.sqlite,
    pytest.mark.skipif(machine.chromium() is None, reason="Chromium is missing on this machine"),
]

_PRELUDE = """async (given) => {
  const { Store } = await import("/static/js/net/state/store.js");
  const { sendPermission } = await import("/static/js/state/send-permission.js");
  const store = new Store();
  const bob = { userId: "bob", id: "2", name: "Bob", avatar: "", kind: "person" };
  const channel = (more = {}) => ({
    target: "7", kind: "private", name: "Bob", peer: { ...bob }, closed: false, role: "member", slowMode: 0,
    announcementsOnly: false, lastSeq: 3, readSeq: 3, unread: 0, activeAt: 0, peerReadSeq: 0, ...more,
  });
  const message = (seq, more = {}) => ({
    target: "7", seq, id: String(seq), position: seq, time: seq, type: "text", msg: "x", from: "bob", fromId: "2",
    name: "Bob", avatar: "", ...more,
  });
  const alice = { userId: "alice", id: "1", name: "Alice", avatar: "", kind: "person" };
  store.setMe(alice, { appId: 101, name: "Web", target: "1" });
  %s
}"""


async def run(modules: Page, script: str, given: Any = None) -> Any:
    return await modules.evaluate(_PRELUDE % script, given)


@pytest.mark.parametrize(
    ("channel", "reason", "may"),
    [
        ({}, "", True),
        ({"closed": True}, "closed", False),
        ({"muted": {}}, "muted", False),
        ({"muted": {"until": 2000}}, "muted", False),
        ({"muted": {"until": 999}}, "", True),
        ({"announcementsOnly": True}, "announcements", False),
        ({"announcementsOnly": True, "role": "admin"}, "", True),
        ({"announcementsOnly": True, "role": None}, "announcements", False),
        ({"slowMode": 5}, "slow", True),
        ({"slowMode": 5, "role": "owner"}, "", True),
    ],
)
async def test_the_channel_and_contacts_decide_whether_sending_is_allowed(
    modules: Page, channel: dict[str, Any], reason: str, may: bool
) -> None:
    script = """
      const { restriction, canSend } = sendPermission(channel(given), store.contacts, 1000);
      return [restriction, canSend];"""
    assert await run(modules, script, channel) == [reason, may]


async def test_sending_to_a_blocked_user_is_disabled(modules: Page) -> None:
    script = """
      store.setContacts({ friends: [], asking: [], asked: [], blocked: [bob] });
      return sendPermission(channel(), store.contacts, 0).restriction;"""
    assert await run(modules, script) == "blocked"


async def test_a_user_is_away_until_they_are_back_or_offline(modules: Page) -> None:
    script = """
      const seen = [];
      const note = () => seen.push(store.presence("2"));
      store.on("presence", note);
      store.setOnline([{ ...bob, away: true }], 1);
      store.setAway("2", false);
      store.setAway("2", true);
      store.setAway("2", true);
      store.setPresence(bob, false);
      store.setPresence(bob, true);
      store.setContacts({ friends: [{ ...bob, online: true, away: true }], asking: [], asked: [], blocked: [] });
      note();
      return seen;"""
    assert await run(modules, script) == ["away", "online", "away", "offline", "online", "away"]


async def test_a_friend_on_another_app_is_online(modules: Page) -> None:
    script = """
      store.setContacts({ friends: [{ ...bob, online: true }], asking: [], asked: [], blocked: [] });
      return [store.isOnline("2"), store.isOnline("3"), store.contacts.relation("2"), store.contacts.relation("3")];"""
    assert await run(modules, script) == [True, False, "friend", "none"]


async def test_a_new_name_is_applied_with_the_next_event(modules: Page) -> None:
    script = """
      store.setChannels([channel()]);
      store.setOnline([{ ...bob }], 1);
      const messages = [message(1), message(2, { from: "Herald", name: "Herald" })];
      store.openLog("7").setNewest({ messages, hasMore: false });
      store.displayNames.observe({ ...bob, name: "Robert", avatar: "/r.png" });
      const { peer, name } = store.channels.get("7");
      const said = store.logs.get("7").messages.map(({ name, avatar }) => [name, avatar]);
      return [name, peer.name, store.online.get("2").avatar, said];"""
    # A message in the name of another user keeps that name.
    assert await run(modules, script) == ["Robert", "Robert", "/r.png", [["Robert", "/r.png"], ["Herald", ""]]]


async def test_a_new_name_is_shown_everywhere_except_in_messages_for_others(modules: Page) -> None:
    script = """
      store.setChannels([channel()]);
      store.setContacts({ friends: [{ ...bob, online: true }], asking: [], asked: [], blocked: [] });
      store.setMembers("7", [{ ...bob, role: "member" }], false);
      const by = { ...bob }, who = [{ ...alice }];
      const note = { target: "7", note: "created", by, who, value: "", seq: 0, position: 1 };
      store.openLog("7").setNewest({ messages: [message(1)], notes: [note], hasMore: false });
      store.quotedMessages.set("9", message(9));
      const gone = { userId: "~deleted-2", id: "2", name: "Deleted user", avatar: "", kind: "person" };
      store.displayNames.update(gone); store.displayNames.update(gone);
      const { peer, name } = store.channels.get("7");
      const { messages, notes } = store.logs.get("7");
      const [{ name: friend }] = store.contacts.users, [{ name: member }] = store.members.get("7").members;
      const said = [messages[0].name, notes[0].by.name, notes[0].who[0].name, store.quotedMessages.get("9").name];
      return [name, peer.name, friend, member, ...said, peer.userId];"""
    assert await run(modules, script) == [*["Deleted user"] * 6, "Alice", "Deleted user", "~deleted-2"]


async def test_a_renamed_service_keeps_the_names_of_messages_for_others(modules: Page) -> None:
    script = """
      store.setChannels([channel()]);
      const messages = [message(1), message(2, { from: "Herald", name: "Herald" })];
      store.openLog("7").setNewest({ messages, hasMore: false });
      store.displayNames.update({ ...bob, kind: "service", name: "Robert" });
      return store.logs.get("7").messages.map(({ name }) => name);"""
    assert await run(modules, script) == ["Robert", "Herald"]


async def test_the_read_position_of_the_other_only_grows_and_can_be_hidden(modules: Page) -> None:
    script = """
      const read = () => store.channels.get("7").peerReadSeq;
      store.setChannels([channel({ peerReadSeq: 1 })]);
      store.setPeerRead("7", 3); store.setPeerRead("7", 2);
      const live = read();
      store.putChannel(channel({ peerReadSeq: 2 })); const told = read();
      store.putChannel(channel({ peerReadSeq: 0 }));
      return [live, told, read()];"""
    assert await run(modules, script) == [3, 3, 0]


async def test_a_site_wide_mute_applies_to_every_channel(modules: Page) -> None:
    script = """
      store.setChannels([channel(), channel({ target: "8" })]);
      const muted = () => [...store.channels.values()].map(({ muted }) => Boolean(muted));
      store.setMuted("8", {}); const one = muted();
      store.setMuted(undefined, {}); const all = muted();
      store.setMuted(undefined, undefined);
      return [one, all, muted()];"""
    assert await run(modules, script) == [[False, True], [True, True], [False, False]]


async def test_search_results_show_a_new_name_except_in_messages_for_others(modules: Page) -> None:
    script = """
      const { Emitter } = await import("/static/js/net/events.js");
      const { MessageSearch } = await import("/static/js/net/message-search.js");
      const own = message(2, { fromId: "1", from: "alice", name: "Alice" });
      const messages = [message(1), own, message(3, { from: "Herald", name: "Herald" })];
      const socket = { request: async () => ({ messages, next: null }) };
      const search = new MessageSearch({ socket, store, session: new Emitter() });
      search.search({ q: "x", target: null });
      await new Promise((done) => setTimeout(done));
      const shown = () => search.results.map(({ name }) => name);
      store.displayNames.observe({ ...bob, name: "Robert" }); const met = shown();
      store.displayNames.update({ ...bob, name: "Bobby" });
      return [met, shown()];"""
    assert await run(modules, script) == [["Robert", "Alice", "Herald"], ["Bobby", "Alice", "Bobby"]]
