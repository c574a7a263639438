"""A service gets tokens with which its pages embed a channel for its own users."""

from __future__ import annotations

import pytest
from pytest_django.fixtures import Settings

from accounts.actions import app_create, user_deactivate
from accounts.models import ExternalUser, User
from chat.actions.channel import channel_create_global, channel_create_group
from chat.actions.member import member_leave
from chat.actions.service_channel import members_add
from chat.errors import ChatError
from chat.models import Channel, Membership
from chat.widgets.selectors import widget_user
from chat.widgets.tokens import read_widget_token
from delivery import log
from tests.chat.api.conftest import Grant
from tests.chat.api.v1.conftest import Caller

PAGE = "https://shop.example"


@pytest.fixture(autouse=True)
def allowed(settings: Settings) -> None:
    settings.IM_WIDGET_ORIGINS = [PAGE]


@pytest.fixture
def group(shop: User) -> Channel:
    channel_create_global(app=app_create(number=101, name="Web"))
    return channel_create_group(creator=shop, name="Questions")


@pytest.fixture
def business(shop: User, grant: Grant) -> Caller:
    return Caller(grant(shop, "add_externaluser", "add_membership"))


def body(channel: Channel, **changed: object) -> dict[str, object]:
    return {"externalId": "c-1", "nickname": "马远", "channel": str(channel.pk), "origin": PAGE} | changed


def test_the_user_is_created_and_joins_once(business: Caller, group: Channel) -> None:
    made = business.post("widget-tokens/", body(group, origin="https://SHOP.example:443"))

    assert (made.status, made.headers["Cache-Control"]) == (201, "no-store")
    user = ExternalUser.objects.get(external_id="c-1").user
    assert (made.data["userId"], user.nickname) == (user.username, "马远")
    token = read_widget_token(made.data["token"], origin=PAGE)
    assert (token.user_id, token.channel, token.expires * 1000) == (user.pk, group.pk, made.data["expires"])
    assert widget_user(token, 101).user == user
    assert business.post("widget-tokens/", body(group)).status == 201
    assert Membership.objects.filter(channel=group, user=user).count() == 1


def test_a_user_who_has_left_does_not_come_back(business: Caller, group: Channel) -> None:
    business.post("widget-tokens/", body(group))
    member_leave(user=ExternalUser.objects.get().user, channel_id=group.pk)

    again = business.post("widget-tokens/", body(group))

    assert (again.status, again.data["reason"]) == (404, "user_not_a_member")


def test_a_service_that_may_not_add_members_gets_tokens_for_members_only(
    shop: User, grant: Grant, group: Channel
) -> None:
    caller = Caller(grant(shop, "add_externaluser"))
    assert caller.post("widget-tokens/", body(group)).data["reason"] == "user_not_a_member"
    members_add(user=shop, channel_id=group.pk, names=[ExternalUser.objects.get().user.username])
    assert caller.post("widget-tokens/", body(group)).status == 201


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", f"{PAGE}.evil.example", f"{PAGE}/"])
def test_a_page_that_is_not_allowed_gets_none(business: Caller, group: Channel, origin: str) -> None:
    refused = business.post("widget-tokens/", body(group, origin=origin))

    assert (refused.status, refused.data["reason"]) == (403, "widget_origin_not_allowed")
    assert not ExternalUser.objects.exists()


def test_a_deactivated_user_gets_none_and_loses_what_they_have(business: Caller, group: Channel) -> None:
    token = business.post("widget-tokens/", body(group)).data["token"]
    user_deactivate(user_id=ExternalUser.objects.get().user.pk)

    assert business.post("widget-tokens/", body(group, nickname="Else")).status == 404
    assert ExternalUser.objects.get().user.nickname == "马远"
    with pytest.raises(ChatError, match="no valid access"):
        widget_user(read_widget_token(token, origin=PAGE), 101)


def test_a_user_joins_before_their_new_nickname_is_an_event(business: Caller, group: Channel, shop: User) -> None:
    business.post("widget-tokens/", body(group))
    other, before = channel_create_group(creator=shop, name="Orders"), log.head()
    made = business.post("widget-tokens/", body(other, nickname="Ma"), Idempotency_Key="1")

    assert (made.status, ExternalUser.objects.get().user.nickname) == (201, "Ma")
    joined, *renamed = [entry.kind for entry in log.read(before, 10)]
    assert (joined, set(renamed)) == ("channel.note", {"person.changed"})


@pytest.mark.parametrize("change", ["deactivated", "without permission", "staff"])
def test_a_token_ends_with_the_right_of_its_service(business: Caller, group: Channel, shop: User, change: str) -> None:
    token = business.post("widget-tokens/", body(group)).data["token"]
    if change == "deactivated":
        user_deactivate(user_id=shop.pk)
    elif change == "without permission":
        shop.user_permissions.clear()
    else:
        User.objects.filter(pk=ExternalUser.objects.get().user.pk).update(is_staff=True)

    with pytest.raises(ChatError, match="no valid access"):
        widget_user(read_widget_token(token, origin=PAGE), 101)


def test_the_operator_can_turn_widgets_off(business: Caller, group: Channel, settings: Settings) -> None:
    token = business.post("widget-tokens/", body(group)).data["token"]
    settings.IM_WIDGETS = False

    assert business.post("widget-tokens/", body(group)).data["reason"] == "widgets_off"
    with pytest.raises(ChatError, match="does not allow"):
        read_widget_token(token, origin=PAGE)
