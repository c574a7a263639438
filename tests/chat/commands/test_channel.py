"""channel.*: the channels themselves and who is in them."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from tests.support.call_socket import both_codecs
from tests.support.people import People, Person, Town

pytestmark = pytest.mark.each_database

ABSENT = "999999999"
CHANNEL_KEYS = {
    *("target", "kind", "name", "join", "listed", "closed", "role", "lastSeq", "readSeq", "unread", "activeAt"),
    *("history", "announcementsOnly", "slowMode"),
}
NOTE_KEYS = {"target", "note", "by", "who", "value", "seq", "time", "position"}


async def members_of(person: Person, group: str) -> dict[str, str]:
    """User name to role."""
    reply = await person.call("channel.members", target=group)
    return {member["userId"]: member["role"] for member in reply["members"]}


async def note(person: Person, kind: str) -> dict[str, Any]:
    """The next note of that kind, with its keys checked."""
    push = await person.push("channel.note", note=kind)
    assert set(push.data) == NOTE_KEYS and push.text == "Ok"
    return dict(push.data)


# -- list and get -----------------------------------------------------------------------------------------------------


@both_codecs
async def test_the_list_begins_with_the_apps_room(people: People) -> None:
    alice, bob, carol = await people("alice", "bob", "carol")
    private, group = await alice.private(bob), await alice.group(carol)
    await alice.say(private)

    channels = (await alice.call("channel.list"))["channels"]

    assert [item["target"] for item in channels] == [alice.room, private, group]
    room, pair, painters = channels
    assert set(room) == CHANNEL_KEYS | {"appId"}
    assert (room["kind"], room["appId"], room["name"], room["role"]) == ("global", 101, "Web", None)
    assert set(pair) == CHANNEL_KEYS | {"peer", "peerReadSeq"}
    assert (pair["kind"], pair["name"], pair["peer"]) == ("private", bob.nickname, bob.as_person)
    assert set(painters) == CHANNEL_KEYS | {"memberCount"}
    assert (painters["kind"], painters["name"], painters["role"]) == ("public", "Painters", "owner")
    assert (painters["memberCount"], painters["join"], painters["listed"]) == (2, "invite", False)


@both_codecs
async def test_each_sees_the_others_name_on_their_private_channel(people: People) -> None:
    alice, bob = await people("alice", "bob")
    channel = await alice.private(bob)

    assert (await alice.call("channel.get", target=channel))["name"] == bob.nickname
    assert (await bob.call("channel.get", target=channel))["name"] == alice.nickname


async def test_a_guest_sees_its_room_only(people: People) -> None:
    guest = await people.guest(app=102)

    [room] = (await guest.call("channel.list"))["channels"]
    assert (room["target"], room["appId"]) == (guest.room, 102)
    assert await guest.call("channel.get", target=guest.room) == room


async def test_getting_a_channel_gives_its_item_of_the_list(people: People) -> None:
    alice, bob = await people("alice", "bob")
    group = await alice.group(bob)

    items = (await bob.call("channel.list"))["channels"]
    for item in items:
        assert await bob.call("channel.get", target=item["target"]) == item
    assert group in [item["target"] for item in items]


# -- create -----------------------------------------------------------------------------------------------------------


@both_codecs
async def test_alice_creates_a_group_and_its_members_hear_of_it(people: People) -> None:
    alice, bob = await people("alice", "bob")

    reply = await alice.call("channel.create", kind="public", name="Painters", members=[bob.name])

    assert set(reply) == CHANNEL_KEYS | {"memberCount"}
    assert reply["role"] == "owner" and reply["lastSeq"] == 0
    heard = await note(bob, "created")
    assert (heard["target"], heard["value"]) == (reply["target"], "Painters")
    assert (heard["by"], heard["who"]) == (alice.as_person, [bob.as_person])
    assert (await bob.call("channel.get", target=reply["target"]))["role"] == "member"


async def test_a_group_without_a_name_is_called_by_its_members(people: People) -> None:
    alice, bob, carol = await people("alice", "bob", "carol")

    group = await alice.group(bob, carol, name="")

    expected = f"{alice.nickname}, {bob.nickname}, {carol.nickname}"
    assert (await carol.call("channel.get", target=group))["name"] == expected


async def test_a_great_group_without_a_name_says_how_many_more(people: People) -> None:
    alice, *others = await people("alice", "bob", "bob", "carol", "carol", "dave")

    group = await alice.group(*others, name="")

    assert (await alice.call("channel.get", target=group))["name"].endswith(" +2")


async def test_creator_and_repeated_members_are_in_it_once(people: People) -> None:
    alice, bob = await people("alice", "bob")

    group = await alice.group(bob, bob, alice)

    assert await members_of(alice, group) == {alice.name: "owner", bob.name: "member"}


@pytest.mark.parametrize(
    ("fields", "code"),
    [
        ({"kind": "public"}, 1001),
        ({"kind": "public", "name": "", "members": []}, 1001),
        ({"kind": "public", "name": "x" * 65}, 1001),
        ({"kind": "public", "name": " x"}, 1001),
        ({"kind": "public", "name": "a\u202eb"}, 1001),
        ({"kind": "public", "name": "a\0b"}, 1001),
        ({"kind": "public", "name": 5}, 1001),
        ({"kind": "public", "name": "x", "members": "bob"}, 1001),
        ({"kind": "public", "name": "x", "members": [5]}, 1001),
        ({"kind": "public", "name": "x", "members": [""]}, 1001),
        ({"kind": "public", "name": "x", "members": ["nobody-of-that-name"]}, 1005),
        ({"kind": "public", "name": "x", "members": ["a\0b"]}, 1005),
        ({"kind": "public", "name": "x", "join": "anyone"}, 1001),
        ({"kind": "public", "name": "x", "listed": "perhaps"}, 1001),
        ({"kind": "global", "name": "x"}, 1001),
        ({"kind": "private"}, 1001),
        ({"kind": "private", "members": []}, 1001),
        ({"kind": "private", "members": ["nobody-of-that-name"]}, 1005),
        ({"kind": "private", "members": ["a", "b"]}, 1001),
        ({"members": ["a"]}, 1001),
    ],
    ids=str,
)
async def test_a_bad_channel_is_not_created(people: People, fields: dict[str, Any], code: int) -> None:
    [alice] = await people("alice")

    assert await alice.code("channel.create", **fields) == code
    assert len((await alice.call("channel.list"))["channels"]) == 1


async def test_a_listed_group_needs_a_name(people: People) -> None:
    alice, bob = await people("alice", "bob")

    assert await alice.code("channel.create", kind="public", members=[bob.name], listed=True) == 1001


async def test_a_private_channel_exists_once(people: People) -> None:
    alice, bob = await people("alice", "bob")

    first = await alice.call("channel.create", kind="private", members=[bob.name])
    again = await bob.call("channel.create", kind="private", members=[alice.name.upper()])

    assert set(first) == CHANNEL_KEYS | {"peer", "peerReadSeq"}
    assert again["target"] == first["target"] and again["existed"] is True


@both_codecs
async def test_made_by_both_at_once_a_private_channel_exists_once(people: People) -> None:
    alice, bob = await people("alice", "bob")
    phone = await people.again(bob)

    replies = [
        await person.post("channel.create", kind="private", members=[other.name])
        for person, other in [(alice, bob), (bob, alice), (phone, alice)]
    ]
    answers = [(await reply).data for reply in replies]

    assert len({answer["target"] for answer in answers}) == 1
    assert sum("existed" not in answer for answer in answers) == 1
    await note(alice, "created")
    assert not [push for push in await alice.settle() if push.cmd == "channel.note"]


async def test_nobody_has_a_private_channel_with_themselves_or_a_guest(people: People) -> None:
    [alice] = await people("alice")
    guest = await people.guest()

    assert await alice.code("channel.create", kind="private", members=[alice.name]) == 1001
    assert await alice.code("channel.create", kind="private", members=[guest.name]) == 1005


async def test_fields_that_a_client_may_not_set_are_ignored(people: People) -> None:
    [alice] = await people("alice")

    made = await alice.call(
        "channel.create",
        {"kind": "public", "name": "x", "id": "1", "target": "1", "lastSeq": 9, "closed": True, "app": 101},
        pair="1:2",
    )

    assert made["target"] != "1" and made["lastSeq"] == 0 and made["closed"] is False and "appId" not in made


# -- join, leave, invite, remove --------------------------------------------------------------------------------------


@both_codecs
async def test_carol_joins_an_open_group(people: People) -> None:
    alice, carol = await people("alice", "carol")
    group = await alice.group(join="open", listed=True)

    reply = await carol.call("channel.join", target=group)

    assert set(reply) == CHANNEL_KEYS | {"memberCount"} and reply["role"] == "member"
    heard = await note(alice, "joined")
    assert (heard["by"], heard["who"]) == (carol.as_person, [carol.as_person])
    assert await note(carol, "joined") == heard


async def test_joining_twice_changes_nothing(people: People) -> None:
    alice, carol = await people("alice", "carol")
    group = await alice.group(join="open")

    first, second = await carol.post("channel.join", target=group), await carol.post("channel.join", target=group)
    assert ((await first).code, (await second).code) == (200, 200)
    await note(alice, "joined")
    assert not [push for push in await alice.settle() if push.cmd == "channel.note" and push.data["note"] == "joined"]


@both_codecs
async def test_only_open_groups_can_be_joined(people: People) -> None:
    alice, bob, carol = await people("alice", "bob", "carol")
    absent = await carol.refused("channel.join", target=ABSENT)
    assert absent[0] == 1005
    targets = [await alice.private(bob), carol.room]
    targets += [await alice.group(bob, join=join, listed=True) for join in ("invite", "closed")]

    for target in targets:
        assert await carol.refused("channel.join", target=target) == absent


async def test_who_leaves_hears_it_and_then_nothing(people: People) -> None:
    alice, bob = await people("alice", "bob")
    group = await alice.group(bob)
    await alice.say(group, "before")

    assert await bob.call("channel.leave", target=group) == {"target": group}
    await alice.say(group, "after")

    left = await note(bob, "left")
    assert (left["by"], left["who"]) == (bob.as_person, [bob.as_person])
    heard = [push.data.get("msg") for push in await bob.settle() if push.cmd == "msg"]
    assert heard == ["before"]
    assert await note(alice, "left") == left
    assert group not in [item["target"] for item in (await bob.call("channel.list"))["channels"]]


@both_codecs
async def test_when_the_last_owner_leaves_the_oldest_admin_inherits(people: People) -> None:
    alice, bob, carol = await people("alice", "bob", "carol")
    group = await alice.group(bob, carol)
    await alice.call("channel.role", target=group, member=carol.name, role="admin")

    await alice.call("channel.leave", target=group)

    heard = [await note(bob, "role"), await note(bob, "role")][-1]
    assert (heard["who"], heard["value"]) == ([carol.as_person], "owner")
    assert await members_of(bob, group) == {bob.name: "member", carol.name: "owner"}


@both_codecs
async def test_a_private_channel_and_a_room_cannot_be_left_or_changed(people: People) -> None:
    alice, bob = await people("alice", "bob")
    for target in (await alice.private(bob), alice.room):
        for cmd, fields in [
            ("channel.leave", {}),
            ("channel.invite", {"members": [bob.name]}),
            ("channel.remove", {"member": bob.name}),
            ("channel.rename", {"name": "Mine"}),
            ("channel.role", {"member": bob.name, "role": "admin"}),
            ("channel.policy", {"join": "open"}),
        ]:
            assert await alice.code(cmd, target=target, **fields) == 1003


async def test_bob_invites_carol(people: People) -> None:
    alice, bob, carol = await people("alice", "bob", "carol")
    group = await alice.group(bob)

    reply = await bob.call("channel.invite", target=group, members=[carol.name, alice.name])

    assert reply == {"target": group, "added": [carol.as_person]}
    heard = await note(carol, "invited")
    assert (heard["target"], heard["by"], heard["who"]) == (group, bob.as_person, [carol.as_person])
    await alice.say(group, "welcome")
    await carol.push("msg", msg="welcome")


async def test_an_invitation_reaches_every_connection_of_the_invited(people: People) -> None:
    alice, bob = await people("alice", "bob")
    phone = await people.again(bob, app=102)
    group = await alice.group()

    await alice.call("channel.invite", target=group, members=[bob.name])
    await alice.say(group, "welcome")

    for connection in (bob, phone):
        pushes = [await connection.push(None, lambda data: data["target"] == group) for _ in range(2)]
        assert [push.cmd for push in pushes] == ["channel.note", "msg"]


async def test_inviting_somebody_unknown_adds_nobody(people: People) -> None:
    alice, bob = await people("alice", "bob")
    guest = await people.guest()
    group = await alice.group()

    for name in ("nobody-of-that-name", guest.name, "a\0b"):
        assert await alice.code("channel.invite", target=group, members=[bob.name, name]) == 1005
    assert await members_of(alice, group) == {alice.name: "owner"}


@both_codecs
async def test_to_a_closed_group_owner_and_admins_add_members_do_not(people: People) -> None:
    alice, bob, carol, dave = await people("alice", "bob", "carol", "dave")
    group = await alice.group(bob, carol, join="closed")
    await alice.call("channel.role", target=group, member=bob.name, role="admin")

    assert await carol.code("channel.invite", target=group, members=[dave.name]) == 1003
    assert await bob.code("channel.invite", target=group, members=[dave.name]) == 200


@pytest.mark.parametrize(
    ("actor", "victim", "code"),
    [
        ("owner", "owner", 1003),
        ("owner", "admin", 200),
        ("owner", "member", 200),
        ("admin", "owner", 1003),
        ("admin", "admin2", 1003),
        ("admin", "member", 200),
        ("member", "member2", 1003),
        ("member", "owner", 1003),
    ],
)
async def test_one_removes_people_of_lower_rank(people: People, actor: str, victim: str, code: int) -> None:
    owner, admin, admin2, member, member2 = await people("alice", "bob", "bob", "carol", "carol")
    roles = {"owner": owner, "admin": admin, "admin2": admin2, "member": member, "member2": member2}
    group = await owner.group(admin, admin2, member, member2)
    for person in (admin, admin2):
        await owner.call("channel.role", target=group, member=person.name, role="admin")

    assert await roles[actor].code("channel.remove", target=group, member=roles[victim].name) == code

    gone = code == 200
    assert (roles[victim].name in await members_of(owner, group)) is not gone
    if gone:
        assert (await note(roles[victim], "removed"))["by"] == roles[actor].as_person
        assert await roles[victim].code("channel.get", target=group) == 1005


@pytest.mark.parametrize("name", ["nobody-of-that-name", "a\0b", "' OR 1=1", "马"])
async def test_removing_or_promoting_who_is_not_there_is_no_data(people: People, name: str) -> None:
    alice, bob = await people("alice", "bob")
    group = await alice.group()

    for other in (name, bob.name):
        assert await alice.code("channel.remove", target=group, member=other) == 1005
        assert await alice.code("channel.role", target=group, member=other, role="admin") == 1005


# -- rename, role, policy ---------------------------------------------------------------------------------------------


@both_codecs
async def test_alice_renames_the_group(people: People) -> None:
    alice, bob = await people("alice", "bob")
    group = await alice.group(bob)

    assert (await alice.call("channel.rename", target=group, name="诗人"))["name"] == "诗人"
    assert (await note(bob, "renamed"))["value"] == "诗人"


async def test_renamed_to_nothing_a_group_is_called_by_its_members(people: People) -> None:
    alice, bob = await people("alice", "bob")
    group = await alice.group(bob)

    assert (await alice.call("channel.rename", target=group, name=""))["name"] == f"{alice.nickname}, {bob.nickname}"


@pytest.mark.parametrize("name", ["x" * 65, " ", "a\u200bb", "a\0", 5, None])
async def test_an_impossible_name_is_an_illegal_parameter(people: People, name: object) -> None:
    [alice] = await people("alice")

    assert await alice.code("channel.rename", target=await alice.group(), name=name) == 1001


@both_codecs
async def test_a_role_is_given_by_owners_and_heard_by_all(people: People) -> None:
    alice, bob, carol = await people("alice", "bob", "carol")
    group = await alice.group(bob, carol)

    assert await alice.call("channel.role", target=group, member=bob.name, role="admin") == {"target": group}
    heard = await note(carol, "role")
    assert (heard["who"], heard["value"]) == ([bob.as_person], "admin")
    for person in (bob, carol):
        assert await person.code("channel.role", target=group, member=person.name, role="owner") == 1003
    assert await members_of(alice, group) == {alice.name: "owner", bob.name: "admin", carol.name: "member"}


@both_codecs
async def test_a_group_keeps_an_owner(people: People) -> None:
    alice, bob = await people("alice", "bob")
    group = await alice.group(bob)

    assert await alice.code("channel.role", target=group, member=alice.name, role="member") == 1009
    assert await alice.code("channel.role", target=group, member=bob.name, role="owner") == 200
    assert await alice.code("channel.role", target=group, member=alice.name, role="member") == 200
    assert await members_of(alice, group) == {alice.name: "member", bob.name: "owner"}


@both_codecs
async def test_the_policy_says_who_may_join_and_who_finds_it(people: People) -> None:
    alice, carol = await people("alice", "carol")
    group = await alice.group(name="Unmistakable")

    reply = await alice.call("channel.policy", target=group, join="open", listed=True)
    assert (reply["join"], reply["listed"]) == ("open", True)
    assert (await note(alice, "policy"))["value"] == "open"
    assert await carol.code("channel.join", target=group) == 200
    reply = await alice.call("channel.policy", target=group, listed=False)
    assert (reply["join"], reply["listed"]) == ("open", False)


@pytest.mark.parametrize(
    ("cmd", "fields"),
    [
        ("channel.rename", {"name": "Mine"}),
        ("channel.policy", {"join": "open"}),
        ("channel.policy", {"listed": True}),
        ("channel.role", {"member": "$bob", "role": "owner"}),
        ("channel.remove", {"member": "$bob"}),
    ],
    ids=str,
)
async def test_a_member_does_not_manage(people: People, cmd: str, fields: dict[str, Any]) -> None:
    alice, bob, carol = await people("alice", "bob", "carol")
    group = await alice.group(bob, carol)
    before = await alice.call("channel.get", target=group)
    given = {key: bob.name if value == "$bob" else value for key, value in fields.items()}

    assert await carol.code(cmd, target=group, **given) == 1003
    assert await alice.call("channel.get", target=group) == before


# -- members, search --------------------------------------------------------------------------------------------------


@both_codecs
async def test_members_come_in_pages_with_role_and_presence(people: People, town: Town) -> None:
    alice, bob = await people("alice", "bob")
    offline = town.account("carol")
    group = await alice.group(bob, offline)

    seen: list[dict[str, Any]] = []
    page: dict[str, Any] = {"hasMore": True}
    while page["hasMore"]:
        after = seen[-1]["id"] if seen else "0"
        page = await bob.call("channel.members", target=group, limit=2, after=after)
        assert set(page) == {"members", "hasMore"} and len(page["members"]) <= 2
        seen += page["members"]

    assert len(seen) == 3
    assert alice.as_person | {"role": "owner", "online": True} in seen
    assert bob.as_person | {"role": "member", "online": True} in seen
    assert [member["online"] for member in seen if member["userId"] == offline.name] == [False]


@pytest.mark.parametrize(
    "fields", [{"limit": 0}, {"limit": 101}, {"after": -1}, {"after": "x"}, {"after": 2**63}], ids=str
)
async def test_a_bad_page_of_members_is_an_illegal_parameter(people: People, fields: dict[str, Any]) -> None:
    [alice] = await people("alice")

    assert await alice.code("channel.members", target=await alice.group(), **fields) == 1001


async def test_strangers_find_listed_open_groups_only(people: People, town: Town) -> None:
    alice, carol = await people("alice", "carol")
    mark = f"Mark{alice.id}"
    found = await alice.group(name=f"{mark} found", join="open", listed=True)
    await alice.group(name=f"{mark} unlisted", join="open")
    await alice.group(name=f"{mark} by invitation", join="invite", listed=True)

    reply = await carol.call("channel.search", q=mark.lower())

    assert reply == {"channels": [{"target": found, "name": f"{mark} found", "memberCount": 1, "join": "open"}]}


@pytest.mark.parametrize("q", ["", "%", "_", "\0", "\\", "'", "x" * 10_000, "马"])
async def test_any_text_can_be_searched_for(people: People, q: str) -> None:
    [alice] = await people("alice")

    assert await alice.code("channel.search", q=q) == 200


async def test_a_percent_sign_finds_itself_and_not_everything(people: People) -> None:
    [alice] = await people("alice")
    await alice.group(name=f"All {alice.id}", join="open", listed=True)

    assert f"All {alice.id}" not in [item["name"] for item in (await alice.call("channel.search", q="%"))["channels"]]


# -- who may ----------------------------------------------------------------------------------------------------------

EVERY = [
    ("channel.get", {}),
    ("channel.leave", {}),
    ("channel.invite", {"members": ["$carol"]}),
    ("channel.remove", {"member": "$bob"}),
    ("channel.rename", {"name": "Mine"}),
    ("channel.role", {"member": "$carol", "role": "owner"}),
    ("channel.policy", {"join": "open", "listed": True}),
    ("channel.members", {}),
]


@pytest.mark.parametrize(("cmd", "fields"), EVERY, ids=str)
async def test_to_a_stranger_a_channel_does_not_exist(people: People, cmd: str, fields: dict[str, Any]) -> None:
    alice, bob, carol = await people("alice", "bob", "carol")
    names = {"$bob": bob.name, "$carol": carol.name}
    given = {key: names.get(value, value) if isinstance(value, str) else value for key, value in fields.items()}
    if "members" in given:
        given["members"] = [carol.name]
    absent = await carol.refused(cmd, target=ABSENT, **given)
    assert absent[0] == 1005

    for target in (
        await alice.private(bob),
        await alice.group(bob),
        await alice.group(bob, join="closed", listed=True),
        await alice.group(bob, join="open", listed=True),
    ):
        before = await alice.call("channel.get", target=target)
        assert await carol.refused(cmd, target=target, **given) == absent
        assert await alice.call("channel.get", target=target) == before


@pytest.mark.parametrize(("cmd", "fields"), [*EVERY[1:], ("channel.create", {"kind": "public", "name": "x"}),
                                             ("channel.join", {}), ("channel.search", {"q": ""})], ids=str)  # fmt: skip
async def test_to_guests_these_commands_are_closed(people: People, cmd: str, fields: dict[str, Any]) -> None:
    [alice] = await people("alice")
    guest = await people.guest()
    group = await alice.group(join="open", listed=True)

    answers = [await guest.refused(cmd, target=target, **fields) for target in (group, ABSENT, guest.room)]
    assert answers[0][0] == 1003 and answers[1:] == answers[:1] * 2


async def test_to_a_guest_no_channel_but_its_room_exists(people: People) -> None:
    [alice] = await people("alice")
    guest, other = await people.guest(app=101), await people.guest(app=102)
    absent = await guest.refused("channel.get", target=ABSENT)

    assert absent[0] == 1005
    for target in (await alice.group(join="open", listed=True), other.room):
        assert await guest.refused("channel.get", target=target) == absent


@pytest.mark.parametrize("target", [None, "", "x", "0", "-1", "1.5", "9" * 30, [], {}, True])
async def test_a_target_that_is_no_id_is_an_illegal_parameter(people: People, target: object) -> None:
    [alice] = await people("alice")

    for cmd in ("channel.get", "channel.join", "channel.leave", "channel.members"):
        assert await alice.code(cmd, target=target) == 1001


async def test_a_leave_and_a_send_in_flight_are_one_after_the_other(people: People) -> None:
    alice, bob = await people("alice", "bob")
    group = await alice.group(bob)

    sends = [await bob.post("message.send", target=group, type="text", msg="x") for _ in range(10)]
    leave = await bob.post("channel.leave", target=group)
    late = await bob.post("message.send", target=group, type="text", msg="late")

    assert [reply.code for reply in await asyncio.gather(*sends)] == [200] * 10
    assert ((await leave).code, (await late).code) == (200, 1005)


# -- closed by an operator --------------------------------------------------------------------------------------------


async def test_a_closed_channel_can_be_read_and_nothing_else(people: People, town: Town) -> None:
    alice, bob, carol = await people("alice", "bob", "carol")
    group = await alice.group(bob, join="open", listed=True, name=f"Shut{alice.id}")
    sent = await alice.say(group)
    operator = town.account("dave")
    script = f"""
from accounts.models import User
from chat.actions.channel import channel_set_closed
channel_set_closed(operator=User.objects.get(pk={operator.id}), channel_id={group}, closed=%s)
"""

    town.shell(script % True)

    assert (await note(bob, "closed"))["by"]["id"] == operator.id
    for cmd, fields in [
        ("message.send", {"msg": "x"}),
        ("message.edit", {"id": sent["id"], "msg": "x"}),
        ("channel.rename", {"name": "x"}),
        ("channel.invite", {"members": [carol.name]}),
        ("channel.policy", {"listed": False}),
    ]:
        assert await alice.code(cmd, target=group, **fields) == 1009
    assert (await bob.call("channel.get", target=group))["closed"] is True
    assert len((await bob.call("message.history", target=group))["messages"]) == 1
    assert await bob.code("read.mark", target=group, seq=1) == 200
    # To others it is gone.
    assert (await carol.call("channel.search", q=f"Shut{alice.id}"))["channels"] == []
    assert await carol.refused("channel.join", target=group) == await carol.refused("channel.join", target=ABSENT)

    town.shell(script % False)

    await note(bob, "reopened")
    assert await bob.code("message.send", target=group, msg="x") == 200
