"""Other systems query online users."""

from __future__ import annotations

import pytest

from accounts.actions import guest_create
from accounts.actions.away import away_store
from accounts.models import App, User
from tests.chat.api.conftest import Grant, LiveHub
from tests.chat.api.v1.conftest import Caller

pytestmark = pytest.mark.django_db(transaction=True)


def query(bot: Caller, *names: str, **more: object) -> dict[str, bool]:
    reply = bot.post("presence/query/", {"users": names, **more})
    assert reply.status == 200
    return dict(reply.data["online"])


def test_each_queried_name_is_answered(
    bot: Caller, live_hub: LiveHub, alice: User, bob: User, web: App, ios: App
) -> None:
    guest = guest_create(name="夏圭？")
    live_hub.log_in(alice, web)
    live_hub.log_in(guest, ios)
    asked = query(bot, "alice", "ALICE", "bob", "夏圭？", "ghost", "\0")
    assert asked == {"alice": True, "ALICE": True, "bob": False, "夏圭？": True, "ghost": False, "\0": False}
    assert query(bot, "alice", "夏圭？", app=101) == {"alice": True, "夏圭？": False}
    assert query(bot) == {}


def test_an_unknown_or_disabled_app_is_not_found(bot: Caller, old: App) -> None:
    for number in (105, 999):
        assert bot.post("presence/query/", {"users": ["alice"], "app": number}).status == 404
        assert bot.get(f"apps/{number}/online/").status == 404


def test_a_query_over_a_thousand_names_is_refused(bot: Caller) -> None:
    assert bot.post("presence/query/", {"users": ["x"] * 1001}).status == 400


def test_the_apps_of_a_user_are_listed(bot: Caller, live_hub: LiveHub, alice: User, web: App, ios: App) -> None:
    assert bot.get("presence/alice/").data == {"userId": "alice", "online": False, "away": False, "apps": []}
    for app in (web, ios):
        live_hub.log_in(alice, app)
    assert bot.get("presence/alice/").data == {"userId": "alice", "online": True, "away": False, "apps": [101, 102]}
    away_store(user_id=alice.pk, is_away=True)
    assert bot.get("presence/alice/").data["away"] is True
    assert bot.get("presence/ghost/").data["online"] is False


def test_online_users_are_counted_by_app(
    bot: Caller, live_hub: LiveHub, alice: User, bob: User, web: App, ios: App, old: App
) -> None:
    live_hub.log_in(alice, web)
    live_hub.log_in(alice, web)
    live_hub.log_in(bob, web)
    assert bot.get("apps/").data["results"] == [
        {"appId": 101, "name": "Web", "online": 2},
        {"appId": 102, "name": "iOS", "online": 0},
    ]


def test_online_users_of_an_app_are_listed_in_pages(bot: Caller, live_hub: LiveHub, web: App) -> None:
    people = [User.objects.create_user(f"person-{number}") for number in range(5)]
    for person in people:
        live_hub.log_in(person, web)
    seen, cursor = [], ""
    while True:
        page = bot.get(f"apps/101/online/?limit=2{cursor}").data
        assert len(page["results"]) <= 2
        seen += [(one["userId"], one["id"]) for one in page["results"]]
        if page["next"] is None:
            break
        cursor = f"&cursor={page['next']}"
    assert seen == [(person.username, str(person.pk)) for person in people]


@pytest.mark.parametrize("query", ["limit=0", "limit=1001", "limit=x", "cursor=!", "cursor=eA", "cursor=" + "a" * 400])
def test_an_invalid_page_is_refused(query: str, bot: Caller, web: App) -> None:
    assert bot.get(f"apps/101/online/?{query}").status == 400


@pytest.mark.parametrize("app", ["0101", "1e2", "x", "102", "9" * 30])
def test_an_unknown_app_has_no_list(app: str, bot: Caller, web: App) -> None:
    assert bot.get(f"apps/{app}/online/").status == 404


def test_listing_the_nodes_needs_its_permission(bot: Caller, shop: User, grant: Grant) -> None:
    reply = bot.get("nodes/")
    assert reply.status == 403 and "chat.view_state" in reply.data["detail"]
    # No node runs in this process.
    assert Caller(grant(shop, "view_state")).get("nodes/").data == {"results": []}
