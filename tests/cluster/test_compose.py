"""A site of deploy/compose lives by the guide alone: its commands, settings and layout, without containers."""

from __future__ import annotations

import asyncio
import itertools
import re
import ssl
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest

from imsite.client import Client, ClientConnection
from tests.support.commands import ROOT
from tests.support.compose_host import ComposeHost
from tests.support.earlier_version import NoHistory, extract_earlier_version
from tests.support.guide import code_blocks
from tests.support.oracle import MemberRecord, ReceivedNumbers, judge
from tests.support.waiting import TIMEOUT_SECONDS, wait_until

_MANAGE = "docker compose exec site python manage.py"
_PERMISSIONS = "chat.use_gateway accounts.add_externaluser"
_PAUSE_SECONDS = 0.1


class _Talker:
    """A user who sends to a channel and records what comes."""

    def __init__(self, name: str, connection: ClientConnection, channel: str) -> None:
        self.record = MemberRecord(name, (channel,), received={channel: ReceivedNumbers()})
        self._connection, self._channel = connection, channel
        self._enough = asyncio.Event()
        self._tasks = [asyncio.create_task(self._talk()), asyncio.create_task(self._listen())]

    @property
    def received(self) -> ReceivedNumbers:
        return self.record.received[self._channel]

    async def _talk(self) -> None:
        for number in itertools.count():
            if self._enough.is_set():
                return
            key = f"{self.record.name}.{number}"
            self.record.sent.add(key)
            stored = await self._connection.send(key, target=self._channel, idempotency_key=key)
            self.record.acknowledged.append((key, self._channel, stored.seq))
            await asyncio.sleep(_PAUSE_SECONDS)

    async def _listen(self) -> None:
        async for push in self._connection:
            if push.cmd == "msg" and not self._connection.is_own(push):
                self.received.add(push.data["seq"], push.data["seq"])

    async def say(self, count: int) -> None:
        """Return when this many further messages are acknowledged."""
        said = len(self.record.acknowledged) + count
        await wait_until(lambda: self._tasks[0].done() or len(self.record.acknowledged) >= said)

    async def finish_talking(self) -> None:
        self._enough.set()
        await asyncio.wait_for(self._tasks[0], TIMEOUT_SECONDS)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)


@contextmanager
def _browser(host: ComposeHost) -> Iterator[httpx.Client]:
    trusted = ssl.create_default_context(cafile=str(host.certificate))
    with httpx.Client(
        base_url=host.url, verify=trusted, timeout=TIMEOUT_SECONDS, headers={"Referer": host.url}
    ) as made:
        yield made


def _sign_in(host: ComposeHost, name: str, password: str, path: str) -> str:
    """Sign in on the site's page; return the address to which a page then leads."""
    with _browser(host) as browser:
        page = browser.get("/accounts/login/")
        assert page.status_code == 200 and ".bundle.css" in page.text
        form = {"username": name, "password": password, "csrfmiddlewaretoken": browser.cookies["csrftoken"]}
        assert browser.post("/accounts/login/", data=form).status_code == 302
        return browser.get(path, follow_redirects=True).url.raw_path.decode()


def _external_users(host: ComposeHost, *names: str) -> list[str]:
    """Create users by a service account; return a token of each."""
    host.run(f"{_MANAGE} service create shop {_PERMISSIONS}")
    token = host.run(f"{_MANAGE} token create shop till").split()[-1]
    with _browser(host) as program:
        program.headers["Authorization"] = f"Bearer {token}"
        for name in names:
            program.put(f"/api/v1/users/external/{name}/", json={"nickname": name}).raise_for_status()
        answers = [program.post(f"/api/v1/users/external/{name}/token/", json={}).raise_for_status() for name in names]
        return [answer.json()["serviceToken"] for answer in answers]


async def _stored(connection: ClientConnection, channel: str) -> list[tuple[str, str, int]]:
    """Return key, channel and number of all messages."""
    found: list[dict[str, Any]] = []
    has_more = True
    while has_more:
        page = await connection.history(channel, after=found[-1]["seq"] if found else 0, limit=100)
        found += page["messages"]
        has_more = page["hasMore"]
    return [(message["msg"], channel, message["seq"]) for message in found]


@pytest.fixture
def earlier_code(tmp_path: Path) -> Path:
    """Return the code from before the latest migration, or the present code without the history of git."""
    try:
        extract_earlier_version(tmp_path / "earlier", migrations=1)
    except NoHistory:
        return ROOT
    return tmp_path / "earlier"


@pytest.mark.postgres
async def test_a_site_lives_by_the_guide_alone(
    earlier_code: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It starts, gets its users, is upgraded and backed up while they write, and is restored on another host."""
    start, upgrade, backup, restore = code_blocks("One host with compose")
    with ExitStack() as hosts:
        host = hosts.enter_context(ComposeHost(tmp_path / "one", earlier_code))
        monkeypatch.setenv("SSL_CERT_FILE", str(host.certificate))
        shown = await asyncio.to_thread(host.run, start)
        password = re.search(r"Password: +(\S+)", shown)
        assert password
        await asyncio.to_thread(host.run, f"{_MANAGE} user create carol", typed="correct horse battery\n")
        own = "/accounts/sign-in-methods/"
        assert await asyncio.to_thread(_sign_in, host, "carol", "correct horse battery", own) == own
        tokens = await asyncio.to_thread(_external_users, host, "alice", "bob")

        async with (
            Client(host.url, token=tokens[0]) as one,
            Client(host.url, token=tokens[1]) as other,
            one.listen() as alice,
            other.listen() as bob,
        ):
            made = await alice.call("channel.create", kind="public", name="Tea", members=[bob.user.user_id])
            channel = made["target"]
            talkers = [_Talker("alice", alice, channel), _Talker("bob", bob, channel)]
            await asyncio.gather(*(talker.say(5) for talker in talkers))
            host.pull(ROOT)
            await asyncio.to_thread(host.run, upgrade)
            await asyncio.gather(*(talker.say(5) for talker in talkers))
            before = {place for talker in talkers for place in talker.record.acknowledged}
            await asyncio.to_thread(host.run, backup)
            for talker in talkers:
                await talker.finish_talking()
            stored = await _stored(alice, channel)
            last = {talker.record.name: talker.record.acknowledged[-1][2] for talker in talkers}
            await wait_until(
                lambda: talkers[0].received.last >= last["bob"] and talkers[1].received.last >= last["alice"]
            )
            for talker in talkers:
                await talker.close()
        assert alice.disconnect_count and bob.disconnect_count
        assert not judge([talker.record for talker in talkers], stored, with_outages=True).faults
        # Staff are led to set up a second factor.
        leads = await asyncio.to_thread(_sign_in, host, "admin", password[1], "/admin/")
        assert "second-factor" in leads
        # The root of a container is read-only.
        assert host.compose.image_files() == host.compose.built

        again = hosts.enter_context(ComposeHost(tmp_path / "another"))
        again.put_back(host.compose.place)
        await asyncio.to_thread(again.run, restore)
        async with Client(again.url, token=tokens[1]) as other, other.listen() as bob:
            restored = await _stored(bob, channel)
            assert before <= set(restored) and restored == stored[: len(restored)]
            news = await bob.send("news", target=channel)
            assert news.seq == len(restored) + 1
