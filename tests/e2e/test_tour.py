"""A tour of all that messages can carry, on a desktop and a phone, in English and Chinese.

Every item works, is shown in the language of the page, and is no wider than the screen.
"""

from __future__ import annotations

from base64 import b64encode
from collections.abc import Iterator

import pytest

from tests.e2e import tour_steps
from tests.e2e.conftest import OpenPerson
from tests.e2e.test_attachments import MICROPHONE
from tests.e2e.test_two_browsers import sign_in
from tests.e2e.tour import Tourist
from tests.support.accounts import register
from tests.support.client import Client
from tests.support.fixtures.sites import SiteFactory
from tests.support.pictures import picture as emoji_picture
from tests.support.site import Site
from tests.support.slash import SlashService

_PREPARE = """
from base64 import b64decode
from accounts.actions import system_user
from chat.actions.custom_emoji import custom_emoji_create
from chat.attachments.emoji_picture import make_emoji_picture
from chat.slash.actions import slash_command_create

picture = make_emoji_picture([b64decode({picture!r})])
custom_emoji_create(by=system_user(), name="shipped", picture=picture)
slash_command_create(creator=system_user(), name="deploy", description="Deploy a branch.", url={url!r})
"""


@pytest.fixture(scope="module")
def slash_service() -> Iterator[SlashService]:
    with SlashService() as service:
        service.says("ephemeral", "**main** is green.")
        yield service


@pytest.fixture(scope="module")
def tour_site(site_factory: SiteFactory, slash_service: SlashService) -> Iterator[Site]:
    """Run the site of all tours, with a slash command and a custom emoji."""
    with site_factory() as site:
        encoded = b64encode(emoji_picture("PNG", (64, 64))).decode()
        site.manage("shell", "--no-imports", "-c", _PREPARE.format(picture=encoded, url=slash_service.url))
        yield site


@pytest.mark.parametrize("is_chinese", [False, True], ids=["english", "chinese"])
@pytest.mark.parametrize("is_phone", [False, True], ids=["desktop", "phone"])
async def test_alice_tours_all_that_messages_carry(
    tour_site: Site, person: OpenPerson, *, is_phone: bool, is_chinese: bool
) -> None:
    suffix = f"{'phone' if is_phone else 'desktop'}{'zh' if is_chinese else 'en'}"
    alice, bob = f"alice{suffix}", f"bob{suffix}"
    tokens = register(tour_site, [alice, bob])
    touch = {"has_touch": True, "is_mobile": True} if is_phone else {}
    page = await person(
        alice,
        width=390 if is_phone else 1440,
        height=844 if is_phone else 900,
        locale="zh-CN" if is_chinese else "en-GB",
        color_scheme="dark" if is_phone == is_chinese else "light",
        **touch,
    )
    await page.add_init_script(MICROPHONE)
    async with await Client.connect(tour_site.acc) as other:
        await other.login_token(tokens[bob])
        group = await other.call("channel.create", kind="public", name="Painters", members=[alice])
        await other.call("channel.create", kind="public", name="Archive", members=[alice])
        await sign_in(page, tour_site, alice, by_touch=is_phone)
        tourist = Tourist(page, other, group["target"], "Painters", is_phone, is_chinese)
        await tour_steps.open_channel(tourist, "Painters")
        await tour_steps.attachments(tourist)
        await tour_steps.voice(tourist)
        await tour_steps.text(tourist)
        await tour_steps.emoji(tourist)
        await tour_steps.mention(tourist, bob)
        await tour_steps.reaction(tourist)
        await tour_steps.thread(tourist)
        await tour_steps.preview(tourist, tour_site)
        await tour_steps.saved(tourist)
        await tour_steps.scheduled(tourist)
        await tour_steps.slash(tourist)
        await tour_steps.forward(tourist, bob)
        await tour_steps.search(tourist)
