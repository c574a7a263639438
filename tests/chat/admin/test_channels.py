"""Operators view channels and their members, close and reopen channels."""

from __future__ import annotations

import json

from django.contrib.admin import site
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.actions import user_register
from accounts.models import User
from chat.actions.channel import channel_create_group, channel_create_private
from chat.actions.channel_settings import channel_close
from chat.actions.member import member_invite, member_leave
from chat.admin.channels import MembershipInline
from chat.models import Channel, Pin
from delivery.models import Event
from tests.support.operators import CHANNELS, MESSAGES, event_kinds, run_admin_action, send_message


def test_channels_are_shown_by_the_names_that_members_see(
    operator: Client, alice: User, bob: User, group: Channel, room: Channel
) -> None:
    channel_create_private(creator=alice, other=bob)
    others = [user_register(username=f"p{n}", nickname=f"Person {n}", password="a good password") for n in range(5)]
    channel_create_group(creator=alice, members=[person.username for person in others])
    html = operator.get(CHANNELS).content.decode()
    for title in ("Painters", "Web", "Alice, Bob", "Alice, Person 0, Person 1, Person 2 +2"):
        assert f">{title}</a>" in html


def test_a_channel_is_found_by_name_and_by_number(operator: Client, alice: User, group: Channel) -> None:
    coffee = channel_create_group(creator=alice, name="Coffee")

    def found(term: str) -> list[int]:
        return sorted(row.pk for row in operator.get(CHANNELS, {"q": term}).context["cl"].result_list)

    assert found("paint") == [group.pk]
    assert found(str(group.pk)) == [group.pk]
    assert found("") == [group.pk, coffee.pk]
    assert found("²") == found("9" * 30) == found("9" * 5000) == []


def test_a_channel_is_shown_with_its_picture(operator: Client, group: Channel) -> None:
    page = f"{CHANNELS}{group.pk}/change/"
    assert "/group-pictures/" not in operator.get(page).content.decode()
    Channel.objects.filter(pk=group.pk).update(picture_key="a1b2")
    assert '<img src="/group-pictures/a1b2.webp"' in operator.get(page).content.decode()


def test_the_members_tab_shows_present_and_former_members(
    operator: Client, alice: User, bob: User, group: Channel
) -> None:
    send_message(alice, group, "before")
    member_leave(user=bob, channel_id=group.pk)
    send_message(alice, group, "between")
    member_invite(user=alice, channel_id=group.pk, names=["bob"])
    formset = operator.get(f"{CHANNELS}{group.pk}/change/").context["inline_admin_formsets"][0].formset
    shown = MembershipInline(Channel, site)
    stays = [
        (str(row.user), shown.status(row), shown.message_range(row)) for row in (form.instance for form in formset)
    ]
    assert stays == [("alice", "member", "since 1"), ("bob", "member", "since 3"), ("bob", "former member", "1–1")]


def test_a_global_channel_has_no_members_tab(operator: Client, room: Channel) -> None:
    assert operator.get(f"{CHANNELS}{room.pk}/change/").context["inline_admin_formsets"] == []


def test_a_large_group_shows_its_members_page_by_page(operator: Client, alice: User) -> None:
    names = [f"p{number}" for number in range(60)]
    for name in names:
        User.objects.create_user(name)
    crowd = channel_create_group(creator=alice, name="Crowd", members=names)

    def shown(page: str) -> int:
        return len(operator.get(page).context["inline_admin_formsets"][0].formset.forms)

    page = f"{CHANNELS}{crowd.pk}/change/"
    assert (shown(page), shown(f"{page}?memberships-page=2")) == (50, 11)


def test_no_page_counts_all_channels(operator: Client, group: Channel) -> None:
    with CaptureQueriesContext(connection) as queries:
        for url in (CHANNELS, f"{CHANNELS}?q=paint&kind__exact=public", f"{CHANNELS}?_facets=True", f"{CHANNELS}?p=2"):
            assert operator.get(url).status_code == 200
    assert not [query["sql"] for query in queries if "COUNT(" in query["sql"] and 'FROM "chat_channel"' in query["sql"]]


def test_olga_closes_and_reopens_a_channel(operator: Client, bob: User, group: Channel) -> None:
    page = f"{CHANNELS}{group.pk}/"
    assert "Nobody can send in a closed channel" in operator.get(f"{page}close/").content.decode()
    assert "1 closed." in operator.post(f"{page}close/", {"confirmed": "close"}, follow=True).content.decode()
    group.refresh_from_db()
    assert group.closed
    html = operator.get(f"{page}change/").content.decode()
    assert f'href="{page}reopen/"' in html and f'href="{page}close/"' not in html

    assert (
        "1 reopened."
        in run_admin_action(operator, CHANNELS, "reopen_selected", group, confirmed="reopen").content.decode()
    )
    group.refresh_from_db()
    assert not group.closed
    notes = [json.loads(body)["note"] for body in Event.objects.order_by("position").values_list("body", flat=True)]
    assert notes == ["created", "closed", "reopened"]


def test_olga_closes_a_group_that_its_owner_has_closed(operator: Client, alice: User, group: Channel) -> None:
    channel_close(user=alice, channel_id=group.pk)
    run_admin_action(operator, CHANNELS, "close_selected", group, confirmed="close")
    group.refresh_from_db()
    assert (group.closed, group.closed_by_operator) == (True, True)


def test_closing_twice_causes_one_event(operator: Client, group: Channel) -> None:
    for _ in range(2):
        run_admin_action(operator, CHANNELS, "close_selected", group, confirmed="close")
    assert event_kinds(group) == ["channel.note", "channel.note"]


def test_olga_sets_the_policy_of_a_channel(operator: Client, group: Channel, room: Channel) -> None:
    page = f"{CHANNELS}{group.pk}/settings/"
    assert 'value="invite"' in operator.get(page).content.decode()
    wrong = operator.post(page, {"confirmed": "settings", "join": "open", "history": "all", "slow_mode": -1})
    assert wrong.status_code == 200
    given = {"join": "open", "history": "all", "slow_mode": 30, "announcements_only": "on", "retention_days": 7}
    operator.post(page, {"confirmed": "settings", **given})
    group.refresh_from_db()
    assert (group.join, group.history, group.slow_mode, group.announcements_only) == ("open", "all", 30, True)
    assert (group.retention_days, group.listed) == (7, False)
    html = operator.get(f"{CHANNELS}{group.pk}/change/").content.decode()
    assert "7 days" in html
    assert 'name="join"' not in operator.get(f"{CHANNELS}{room.pk}/settings/").content.decode()
    operator.post(f"{CHANNELS}{room.pk}/settings/", {"confirmed": "settings", "slow_mode": 5, "join": "closed"})
    room.refresh_from_db()
    assert (room.slow_mode, room.join) == (5, "open")


def test_olga_transfers_a_group_to_a_member(operator: Client, bob: User, group: Channel) -> None:
    page = f"{CHANNELS}{group.pk}/transfer/"
    assert (
        "No member has this username."
        in operator.post(page, {"confirmed": "transfer", "member": "carol"}).content.decode()
    )
    operator.post(page, {"confirmed": "transfer", "member": "BOB"})
    roles = dict(group.memberships.values_list("user__username", "role"))
    assert roles == {"alice": "admin", "bob": "owner"}


def test_olga_changes_the_role_of_a_member_and_back(operator: Client, bob: User, group: Channel) -> None:
    page = f"{CHANNELS}{group.pk}/role/"
    assert "Admins can invite" in operator.get(page).content.decode()
    for role in ("admin", "member"):
        html = operator.post(page, {"confirmed": "role", "member": "Bob", "role": role}, follow=True).content.decode()
        assert "1 changed." in html
        assert dict(group.memberships.values_list("user__username", "role")) == {"alice": "owner", "bob": role}
    told = [json.loads(body) for body in Event.objects.order_by("position").values_list("body", flat=True)]
    assert [(body["by"]["userId"], body["value"]) for body in told if body["note"] == "role"] == [
        ("olga", "admin"),
        ("olga", "member"),
    ]


def test_olga_cannot_demote_the_last_owner(operator: Client, group: Channel, room: Channel) -> None:
    page = f"{CHANNELS}{group.pk}/role/"
    refused = operator.post(page, {"confirmed": "role", "member": "alice", "role": "member"}, follow=True)
    assert "needs at least one owner" in refused.content.decode()
    for wrong in ({"member": "carol", "role": "admin"}, {"member": "bob", "role": "owner"}):
        assert operator.post(page, {"confirmed": "role", **wrong}).status_code == 200
    assert dict(group.memberships.values_list("user__username", "role")) == {"alice": "owner", "bob": "member"}
    assert f"{CHANNELS}{room.pk}/role/" not in operator.get(f"{CHANNELS}{room.pk}/change/").content.decode()


def test_olga_pins_from_the_list_and_sees_it_on_the_channel_s_page(
    operator: Client, alice: User, group: Channel
) -> None:
    first, second = send_message(alice, group, "rules of the house"), send_message(alice, group, "hello")
    run_admin_action(operator, MESSAGES, "pin_selected", first, confirmed="pin")
    html = operator.get(f"{CHANNELS}{group.pk}/change/").content.decode()
    assert html.count("rules of the house") == 2 and html.count(f"{MESSAGES}{second.pk}/change/") == 1
    run_admin_action(operator, MESSAGES, "unpin_selected", first, confirmed="unpin")
    assert not Pin.objects.exists()
