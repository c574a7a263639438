"""Custom emoji have names that no standard one has, small pictures, and an event for every app."""

from __future__ import annotations

from io import BytesIO

import pytest
from django.db.models import QuerySet
from django.test import Client
from PIL import Image
from pytest_django.fixtures import Settings

from accounts.models import User
from chat import reasons
from chat.actions.custom_emoji import custom_emoji_create, custom_emoji_payload, custom_emoji_remove
from chat.actions.reaction import message_react, message_unreact
from chat.attachments.emoji_picture import EmojiPicture, make_emoji_picture
from chat.custom_emoji_names import name_between_colons
from chat.errors import ChatError
from chat.models import Channel, CustomEmoji, Reaction
from chat.reasons import Reason
from delivery import log
from tests.support.in_process import create_global_channel, say
from tests.support.pictures import MARK, animation, huge_png, picture

pytestmark = pytest.mark.django_db

PICTURE = EmojiPicture(b"picture", 128, 96)


def refusal(by: User, name: str) -> Reason:
    with pytest.raises(ChatError) as refused:
        custom_emoji_create(by=by, name=name, picture=PICTURE)
    return refused.value.reason


@pytest.mark.django_db(transaction=True)
def test_a_name_that_another_operator_takes_meanwhile_is_refused(alice: User, monkeypatch: pytest.MonkeyPatch) -> None:
    custom_emoji_create(by=alice, name="party", picture=PICTURE)
    monkeypatch.setattr(QuerySet, "exists", lambda _: False)
    assert refusal(alice, "party") is reasons.EMOJI_NAME_TAKEN


def test_an_emoji_is_added_and_removed(alice: User) -> None:
    channel, before = create_global_channel(), log.head()
    row = custom_emoji_create(by=alice, name=" :Shipped: ", picture=PICTURE)
    custom_emoji_remove(emoji_id=row.pk)
    shown = {"name": "shipped", "url": f"/custom-emoji/{PICTURE.sha256}.webp", "width": 128, "height": 96}
    assert custom_emoji_payload(row) == shown
    assert [(one.kind, one.channel, one.body) for one in log.read(before, 9)] == [
        ("emoji.changed", channel.pk, {"name": "shipped", "emoji": shown}),
        ("emoji.changed", channel.pk, {"name": "shipped"}),
    ]
    with pytest.raises(ChatError) as refused:
        custom_emoji_remove(emoji_id=row.pk)
    assert refused.value.reason is reasons.EMOJI_NOT_FOUND


@pytest.mark.parametrize("name", ["", "a", "-ab", "_ab", "a b", "12", "a:b", "<b>", "a" * 31, "ab\0", "ab\u202ecd"])
def test_a_name_has_letters_and_no_spaces(alice: User, name: str) -> None:
    assert refusal(alice, name) is reasons.EMOJI_NAME_INVALID


@pytest.mark.parametrize("name", ["thumbs_up", "+1", "Tada", "拇指向上", "CHINA"])
def test_the_name_of_a_standard_emoji_is_reserved(alice: User, name: str) -> None:
    expected = reasons.EMOJI_NAME_INVALID if name == "+1" else reasons.EMOJI_NAME_RESERVED
    assert refusal(alice, name) is expected


def test_names_and_numbers_are_limited(alice: User, settings: Settings) -> None:
    settings.IM_MAX_CUSTOM_EMOJI = 2
    for name in ("公司", "赞啊"):
        custom_emoji_create(by=alice, name=name, picture=PICTURE)
    assert refusal(alice, "公司") is reasons.EMOJI_NAME_TAKEN
    assert refusal(alice, "third") is reasons.EMOJI_LIMIT_REACHED


@pytest.mark.parametrize(
    ("text", "name"), [(":Ab:", "ab"), (":赞:", "赞"), ("ab", None), ("::", None), (":a b:", None)]
)
def test_a_name_stands_between_colons(text: str, name: str | None) -> None:
    assert name_between_colons(text) == name


def test_a_custom_emoji_is_a_reaction_until_it_is_removed(alice: User, bob: User, trio: Channel) -> None:
    said = say(bob, trio)
    row = custom_emoji_create(by=alice, name="shipped", picture=PICTURE)
    place = {"channel_id": trio.pk, "message_id": said.id, "app": None}
    assert message_react(user=alice, emoji=":SHIPPED:", **place).emoji == ":shipped:"
    assert message_react(user=bob, emoji=":shipped:", **place).count == 2
    custom_emoji_remove(emoji_id=row.pk)
    for emoji in (":shipped:", ":other:"):
        with pytest.raises(ChatError) as refused:
            message_react(user=bob, emoji=emoji, **place)
        assert refused.value.reason is reasons.NOT_AN_EMOJI
    assert message_unreact(user=alice, emoji=":shipped:", **place).count == 1
    assert Reaction.objects.get().emoji == ":shipped:"


@pytest.mark.parametrize("form", ["PNG", "GIF", "WEBP"])
def test_a_picture_is_made_small_and_loses_its_metadata(form: str) -> None:
    made = make_emoji_picture([picture(form, (600, 300))])
    assert (made.width, made.height) == (128, 64) and MARK not in made.content
    with Image.open(BytesIO(made.content)) as image:
        assert (image.format, image.size) == ("WEBP", (128, 64))


def test_an_animation_stays_an_animation() -> None:
    made = make_emoji_picture([animation("GIF")])
    with Image.open(BytesIO(made.content)) as image:
        assert (image.format, image.size, image.n_frames) == ("WEBP", (30, 20), 3)  # type: ignore[attr-defined]


@pytest.mark.parametrize("content", [b"<svg onload='alert(1)'/>", huge_png(30_000), b"GIF89a", b"", b"x" * 600_000])
def test_what_is_no_picture_is_refused(content: bytes) -> None:
    with pytest.raises(ChatError) as refused:
        make_emoji_picture([content])
    assert refused.value.reason is reasons.EMOJI_PICTURE_REFUSED


def test_a_picture_is_kept_by_browsers(alice: User) -> None:
    made = make_emoji_picture([picture("PNG")])
    url = custom_emoji_payload(custom_emoji_create(by=alice, name="shipped", picture=made))["url"]
    response = Client().get(url)
    assert (response.content, response["Content-Type"]) == (made.content, "image/webp")
    assert {"public", "immutable", "max-age=31536000"} == {*response["Cache-Control"].split(", ")}
    assert response["X-Content-Type-Options"] == "nosniff" and "sandbox" in response["Content-Security-Policy"]
    CustomEmoji.objects.all().delete()
    assert [Client().get(path).status_code for path in (url, "/custom-emoji/%00.webp")] == [404, 404]
