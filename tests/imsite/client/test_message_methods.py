"""Every command about messages has a method of the connection, whose data the site takes; both clients have the same
HTTP calls.
"""

from __future__ import annotations

import inspect
from datetime import UTC, datetime
from typing import Any

import httpx
import msgspec

import chat.commands.dispatch  # noqa: F401  registers the commands
from chat.commands.registry import COMMANDS
from imsite.client import Attachment, Client, SyncClient
from imsite.client.change_commands import ChangeCommands
from imsite.client.message_commands import MessageCommands
from imsite.client.reading_commands import ReadingCommands
from imsite.client.thread_commands import ThreadCommands
from tests.imsite.client.scripted_server import Server

AT = datetime.fromtimestamp(1_800_000_000, UTC)
FILE = Attachment("k1", "a.txt")
_PREFIXES = ("message.", "attachment.", "thread.", "scheduled.", "saved.", "mention.", "read.")


class _Recorder(MessageCommands, ChangeCommands, ReadingCommands, ThreadCommands):
    """Records commands and answers them with what their methods read."""

    def __init__(self) -> None:
        self.asked: dict[str, dict[str, Any]] = {}

    async def call(self, cmd: str, /, *, retry: bool = False, **data: Any) -> Any:
        self.asked[cmd] = data
        return {"target": "5", "id": "7", "seq": 3, "position": 9, "count": 1, "readers": []}

    def _mark_delivered(self, position: int) -> None:
        assert position == 9


async def test_a_connection_has_a_method_for_every_command_about_messages() -> None:
    line = _Recorder()
    await line.send("hello", target="5", reply_to="7", attachments=[FILE])
    await line.forward("7", target="5", to="6", files=[FILE])
    await line.schedule("later", at=AT, target="5", thread="7", also_to_channel=True)
    await line.scheduled(skip=1)
    await line.edit_scheduled("9", text="sooner", at=AT)
    await line.send_scheduled("9")
    await line.cancel_scheduled("9")
    await line.react("7", "👍", target="5")
    await line.unreact("7", "👍", target="5")
    await line.edit("7", "hello again", target="5")
    await line.remove_file("7", FILE, target="5")
    assert line.asked["attachment.remove"] == {"target": "5", "id": "7", "attachment": "k1"}
    await line.remove_file("7", "k1", target="5")
    await line.remove_preview("7", "p1", target="5")
    await line.recall("7", target="5")
    await line.pin("7", target="5")
    await line.pins("5")
    await line.unpin("7", target="5")
    await line.report("7", target="5", reason="spam")
    await line.readers("7", target="5")
    await line.message("7", target="5")
    await line.history("5", before=3, limit=10)
    await line.search("has:file", target="5", before="7")
    await line.mentions(before="7")
    await line.mark_read(3, target="5")
    await line.mark_unread(3, target="5")
    await line.save("7", target="5")
    await line.saved(before="7")
    await line.saved_ids(before="7")
    await line.unsave("7")
    await line.threads(before=9)
    await line.thread_history("7", target="5", after=3)
    await line.follow_thread("7", target="5")
    await line.unfollow_thread("7", target="5")
    await line.mark_thread_read("7", 3, target="5")
    assert {name for name in COMMANDS if name.startswith(_PREFIXES)} == line.asked.keys()
    for name, data in line.asked.items():
        takes = COMMANDS[name].takes
        msgspec.convert(data, takes, strict=False)
        known = set(takes.__struct_fields__)
        assert data.keys() <= known, name


def _calls(client: type) -> dict[str, list[str]]:
    """Return the names of the arguments of each public method."""
    methods = inspect.getmembers(client, inspect.isfunction)
    return {name: list(inspect.signature(method).parameters) for name, method in methods if not name.startswith("_")}


def test_both_clients_have_the_same_calls() -> None:
    assert _calls(SyncClient) == _calls(Client)


_EXPECTED = [
    ("GET", "messages/7/"),
    ("GET", "channels/5/messages/?before=3&limit=50"),
    ("GET", "search/messages/?q=has:file&channel=5&limit=50&cursor=MTI"),
    ("GET", "mentions/?limit=20"),
    ("PATCH", "messages/7/"),
    ("DELETE", "messages/7/?as=bob"),
    ("DELETE", "messages/7/attachments/k1/"),
    ("DELETE", "messages/7/attachments/a%2Fb/?as=bob"),
    ("DELETE", "messages/7/previews/p1/"),
    ("PATCH", "scheduled/9/"),
    ("POST", "scheduled/9/send/"),
]


def _server() -> Server:
    page, none = {"results": [], "next": None}, httpx.Response(204)
    sent = {"target": "5", "id": "7", "seq": 3, "position": 9}
    answers = [{"id": "7"}, page, page, page, {"id": "7"}, none, none, none, none, {"id": "9"}, sent]
    return Server(*(one if isinstance(one, httpx.Response) else httpx.Response(200, json=one) for one in answers))


def _check(server: Server) -> None:
    asked = [(request.method, str(request.url).partition("/api/v1/")[2]) for request in server.asked]
    assert [(method, path.replace("%3A", ":")) for method, path in asked] == _EXPECTED
    changed = [msgspec.json.decode(server.asked[place].content) for place in (4, 9)]
    assert changed == [{"msg": "hello again", "as": "bob"}, {"at": 1_800_000_000_000}]


async def test_messages_are_read_and_changed_over_http() -> None:
    server = _server()
    async with server.client() as im:
        assert (await im.message("7"))["id"] == "7"
        await im.history("5", before=3)
        await im.search("has:file", channel="5", cursor="MTI")
        await im.mentions(limit=20)
        await im.edit("7", "hello again", as_user="bob")
        await im.recall("7", as_user="bob")
        await im.remove_file("7", FILE)
        await im.remove_file("7", "a/b", as_user="bob")
        await im.remove_preview("7", "p1")
        await im.edit_scheduled("9", at=AT)
        assert (await im.send_scheduled("9")).seq == 3
    _check(server)


def test_the_synchronous_client_reads_and_changes_messages() -> None:
    server = _server()
    with SyncClient("http://im.example/", transport=httpx.MockTransport(server)) as im:
        assert im.message("7")["id"] == "7"
        im.history("5", before=3)
        im.search("has:file", channel="5", cursor="MTI")
        im.mentions(limit=20)
        im.edit("7", "hello again", as_user="bob")
        im.recall("7", as_user="bob")
        im.remove_file("7", FILE)
        im.remove_file("7", "a/b", as_user="bob")
        im.remove_preview("7", "p1")
        im.edit_scheduled("9", at=AT)
        assert im.send_scheduled("9").seq == 3
    _check(server)
