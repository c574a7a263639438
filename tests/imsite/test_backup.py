"""The guide's commands back up a site that serves, and restore it in another place; clients miss nothing silently."""

from __future__ import annotations

import asyncio
import itertools
from pathlib import Path

import pytest

from tests.settings import TEST_DATABASE
from tests.support.accounts import register
from tests.support.client import Client
from tests.support.file_caller import FileCaller
from tests.support.fixtures.sites import SiteFactory
from tests.support.guide import code_blocks, run_as_host
from tests.support.protobuf_client import ProtobufClient
from tests.support.site import Site
from tests.support.uploads import FORM, form

pytestmark = pytest.mark.each_database

FILE = b"kept" * 1000


class _Owner(FileCaller):
    """A user with an existing token."""

    def __init__(self, site: Site, token: str) -> None:
        self.site, self.token, self._port = site, token, None


async def _send_until(client: Client, target: str, stop: asyncio.Event) -> list[str]:
    """Send texts until the event; return those that were acknowledged."""
    sent: list[str] = []
    for number in itertools.count():
        if stop.is_set():
            return sent
        text = f"during {number}"
        await client.call("message.send", target=target, msg=text, clientMsgId=text)
        sent.append(text)
    raise AssertionError


async def _texts(client: Client, target: str) -> list[str]:
    page = await client.call("message.history", target=target, after=0, limit=100)
    return [message["msg"] for message in page["messages"]]


async def test_a_backup_of_a_serving_site_is_restored_elsewhere(site_factory: SiteFactory, tmp_path: Path) -> None:
    blocks = code_blocks("Back up and restore", TEST_DATABASE)
    names, restore = blocks[0], next(index for index, block in enumerate(blocks) if "systemctl stop" in block)
    with site_factory() as site:
        tokens = await asyncio.to_thread(register, site, ["alice", "bob"])
        upload = {"Content_Type": FORM}
        _, attachment, _ = _Owner(site, tokens["alice"])(
            "POST", "/api/v1/attachments/", form(FILE, "plan.bin"), **upload
        )
        async with await Client.connect(site.acc) as alice:
            await alice.login_token(tokens["alice"])
            target = (await alice.call("channel.create", kind="public", name="Tea", members=["bob"]))["target"]
            await alice.call("message.send", target=target, msg="before", attachments=[attachment["id"]])
            done = asyncio.Event()
            talk = asyncio.create_task(_send_until(alice, target, done))
            await asyncio.to_thread(run_as_host, "".join(blocks[:restore]), site, tmp_path)
            done.set()
            await talk
            lost = [await alice.call("message.send", target=target, msg=f"lost {number}") for number in range(20)]
            kept = await _texts(alice, target)

    other = site_factory()
    await asyncio.to_thread(run_as_host, names + "".join(blocks[restore:]), other, tmp_path)
    with other:
        async with await Client.connect(other.acc) as bob:
            await bob.login_token(tokens["bob"])
            restored = await _texts(bob, target)
            assert restored and restored == kept[: len(restored)] and "lost 0" not in restored
            assert _Owner(other, tokens["bob"])("GET", attachment["url"])[1] == FILE
            news = [f"new {number}" for number in range(30)]
            positions = [(await bob.call("message.send", target=target, msg=text))["position"] for text in news]
        assert positions[0] > lost[-1]["position"]
        await _check_that_nothing_is_missed(other, tokens["alice"], lost[9]["position"], news)


async def _check_that_nothing_is_missed(site: Site, token: str, position: int, news: list[str]) -> None:
    """Come back with a position that the backup lacks, after the log has gone on."""
    async with await Client.connect(site.acc) as alice:
        await alice.login_token(token, after=position)
        reply = await alice.call("sync", after=position)
        assert reply["reset"] is True
        assert (await alice.call("sync", after=reply["position"]))["events"] == []
    phone = await ProtobufClient.connect(f"ws://127.0.0.1:{site.port}/ws")
    try:
        await phone.login(token)
        page = await phone.sync(position)
        assert [message.content.decode() for message in page.messages][-len(news) :] == news
    finally:
        await phone.close()
