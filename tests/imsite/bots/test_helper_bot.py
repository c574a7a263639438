"""The example bot knows three commands, answers each question once, and ignores everything else."""

from __future__ import annotations

import asyncio
import contextlib
import random
from pathlib import Path
from typing import Any

import pytest

from imsite.bots.helper_bot import answer, load_position, run, save_position
from imsite.client import Client, Closed
from tests.support.client import Client as Person
from tests.support.fixtures.sites import Connect
from tests.support.site import Site

_TOKENS = """
from accounts.actions import user_register, service_create, token_issue
print(token_issue(user=service_create(username="helper", nickname="Helper")))
print(token_issue(user=user_register(username="alice", nickname="Alice", password="a good password")))
"""


async def _ask(text: str, **replies: Any) -> str | None:
    async def call(cmd: str, **data: Any) -> Any:
        return replies[cmd.replace(".", "_")]

    return await answer(text, call)


async def test_help_names_each_command() -> None:
    told = await _ask(" /HELP ")
    assert told and [line.split(":")[0] for line in told.splitlines()] == ["/help", "/roll", "/who"]


@pytest.mark.parametrize(
    ("asked", "lowest", "greatest"), [("", 1, 6), ("20", 1, 20), ("d8", 1, 8), ("3d6", 3, 18), ("2D1", 2, 2)]
)
async def test_dice_are_rolled(asked: str, lowest: int, greatest: int) -> None:
    random.seed(7)
    sums = {int((await _ask(f"/roll {asked}") or "").rpartition("=")[2]) for _ in range(300)}
    assert lowest <= min(sums) and max(sums) <= greatest
    assert len(sums) > 1 or lowest == greatest


@pytest.mark.parametrize("asked", ["six", "0d6", "2d0", "100d6", "2d", "-1", "d", "6 6", "٣"])
async def test_invalid_dice_are_refused_with_an_example(asked: str) -> None:
    assert await _ask(f"/roll {asked}") == "Ask for dice like this: /roll 2d6"


async def test_the_who_command_lists_online_users() -> None:
    online = [{"name": "Bob"}, {"name": "Alice"}]
    assert await _ask("/who", presence_list={"online": online, "count": 2}) == "2 online: Alice, Bob"
    crowd = [{"name": f"P{number:03}"} for number in range(100)]
    told = await _ask("/who", presence_list={"online": crowd, "count": 700})
    assert told and told.startswith("700 online: P000, ") and told.endswith("P019 and 680 more")


@pytest.mark.parametrize("text", ["", "hello", "roll 6", "/rolling", "/", "what about /help", "/help/"])
async def test_other_messages_are_ignored(text: str) -> None:
    assert await _ask(text) is None


def test_the_bot_stores_its_position(tmp_path: Path) -> None:
    state_file = tmp_path / "position"
    assert load_position(state_file) is None
    save_position(state_file, 7)
    save_position(state_file, 812)
    assert load_position(state_file) == 812 and list(tmp_path.iterdir()) == [state_file]


@pytest.mark.each_database
async def test_the_bot_answers_alice_while_online_and_after_a_restart(
    site: Site, connect: Connect, tmp_path: Path
) -> None:
    token, alices = (await asyncio.to_thread(site.manage, "shell", "--no-imports", "-c", _TOKENS)).split()
    state_file = tmp_path / "position"
    alice = await connect(site.acc)
    await alice.login_token(alices)
    group = (await alice.call("channel.create", kind="public", name="Dice", members=["helper"]))["target"]

    async def ask(text: str) -> str:
        return str((await alice.call("message.send", target=group, type="text", msg=text))["id"])

    async with Client(site.url, token=token) as im:
        async with im.listen() as connection:
            listening = asyncio.create_task(run(connection, state_file))
            asked = await ask("/roll 1d1")
            told = await alice.push("msg", **{"from": "helper"})
            assert (told.data["msg"], told.data["replyTo"]) == ("1", asked)
            await ask("hello")
            assert await _answer_to(alice, await ask("/who")) == "2 online: Alice, Helper"
        await _ended(listening)
        missed = await ask("/help")
        async with im.listen(after=load_position(state_file)) as connection:
            listening = asyncio.create_task(run(connection, state_file))
            told = await alice.push("msg", **{"from": "helper", "replyTo": missed})
            assert told.data["msg"].startswith("/help: ")
        await _ended(listening)
    page = await alice.call("message.history", target=group, limit=50)
    answered = [message.get("replyTo") for message in page["messages"] if message["from"] == "helper"]
    assert len(answered) == len(set(answered))


async def _ended(listening: asyncio.Task[None]) -> None:
    """Wait until the bot ends. Its last answer may still wait for a reply when the connection closes."""
    with contextlib.suppress(Closed):
        await listening


async def _answer_to(alice: Person, asked: str) -> str:
    return str((await alice.push("msg", replyTo=asked)).data["msg"])
