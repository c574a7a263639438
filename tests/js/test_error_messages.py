"""What the server refuses is said in the person's language: each of its sentences has words of its own in Chinese."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from django.conf import settings
from playwright.async_api import Page

from tests.support import machine

_ROOT = Path(settings.BASE_DIR)
_PLACE = re.compile(r"\{\w*\}|%\(\w+\)s")
# Told to programs, operators or other systems, or before anybody is in; the page's own ways never end there.
_ELSEWHERE = {
    *("actions/announcement.py", "actions/legacy_push.py", "actions/idempotency.py", "actions/private_channels.py"),
    *(
        "actions/addressing.py",
        "actions/bulk_send.py",
        "actions/service_access.py",
        "actions/service_channel.py",
        "actions/service_message.py",
    ),
    *("actions/session.py", "actions/ephemeral.py", "commands/protobuf_requests.py", "commands/session.py"),
}
_MISUSE = {
    "A picture or voice has at most {} bytes.",
    "A private channel has no policy.",
    "An app's room is open to all who are on the app.",
    "Give before or after, not both.",
    "Log in first.",
    "Only an owner gives the group away.",
    "Only an owner says what newcomers may read of the past.",
    "Staff are managed by superusers only.",
    "The end of the time is past.",
    "The group is yours already.",
    "The only type of message is text.",
    "There is no such command.",
    "This Idempotency-Key was used for another request.",
    "data must be an object.",
    "clientMsgId has at most {} printable characters.",
}


def sentence(node: ast.expr) -> str | None:
    """The text of a literal, `{}` for what differs."""
    if isinstance(node, ast.JoinedStr):
        return "".join(str(piece.value) if isinstance(piece, ast.Constant) else "{}" for piece in node.values)
    if isinstance(node, ast.Constant) and isinstance(node.value, str) and " " in node.value:
        return _PLACE.sub("{}", node.value)
    return None


def refused(path: Path, names: re.Pattern[str]) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and names.fullmatch(node.func.id):
            yield from filter(None, map(sentence, node.args))


def told_to_people() -> set[str]:
    """What the commands of the page may be refused with."""
    chat = [
        path
        for place in ("", "actions", "commands", "selectors", "consumers", "sending")
        for path in (_ROOT / "chat" / place).glob("*.py")
    ]
    found = {
        text
        for path in chat
        if str(path.relative_to(_ROOT / "chat")) not in _ELSEWHERE
        for text in refused(path, re.compile("ChatError"))
    }
    circle = [_ROOT / "accounts" / "actions" / f"{name}.py" for name in ("friends", "blocks")]
    return found.union(*(refused(path, re.compile(r"\w+Refused")) for path in circle)) - _MISUSE


def with_words() -> set[str]:
    words = (_ROOT / "static" / "js" / "locales" / "zh-errors.js").read_text()
    return {_PLACE.sub("{}", text) for text in re.findall(r'^  \["([^"]+)",', words, re.MULTILINE)}


def test_no_refusal_is_without_chinese_words() -> None:
    assert len(told_to_people()) > 30
    assert told_to_people() - with_words() == set(), "they belong into static/js/locales/zh-errors.js"


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.sqlite
@pytest.mark.skipif(machine.chromium() is None, reason="Chromium is missing on this machine")
async def test_a_refusal_is_said_in_the_persons_language(modules: Page) -> None:
    said = await modules.evaluate("""async () => {
      const { refusalText } = await import("/static/js/lib/error-messages.js");
      const { language } = await import("/static/js/lib/i18n.js");
      const say = (code, data) => refusalText({ code, data });
      const all = () => [
        say(1003, { error: "You cannot add ma.yuan." }),
        say(1011, { error: "A group has at most 500 members.", limit: 500 }),
        say(1003, { error: "You are muted.", until: null }),
        say(1004, null),
      ];
      const english = all();
      language.choose("zh");
      return [english, all()];
    }""")
    assert said == [
        [
            *("You cannot add ma.yuan.", "A group has at most 500 members."),
            *(
                "You are muted here. You can read, but not write.",
                "Something went wrong on the server. Please try again.",
            ),
        ],
        ["不能把 ma.yuan 加进来。", "群组最多 500 位成员。", "你已被禁言，只能阅读。", "服务器出了点问题，请重试。"],
    ]
