"""Names after "@" are detected while typing, and matching members are offered."""

from __future__ import annotations

from typing import Any

import pytest
from playwright.async_api import Page

from tests.support import machine

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.sqlite,
    pytest.mark.skipif(machine.chromium() is None, reason="Chromium is missing on this machine"),
]


async def run(pure_modules: Page, body: str, given: Any) -> Any:
    return await pure_modules.evaluate(
        f'async (given) => {{ const m = await import("/static/js/lib/mentions.js"); {body} }}', given
    )


@pytest.mark.parametrize(
    ("text", "typed"),
    [
        ("@", ""),
        ("hello @ma", "ma"),
        ("hello @Ma Yu", "Ma Yu"),
        ("你好@小", "小"),
        ("@bob and @al", "al"),
        ("(@bo", "bo"),
        ("hello", None),
        ("@bob ", None),
        ("bob@example", None),
        ("@bob\nnext", None),
        ("@" + "x" * 65, None),
    ],
)
async def test_a_mention_in_progress_is_detected(pure_modules: Page, text: str, typed: str | None) -> None:
    assert await run(pure_modules, "return m.mentionQueryAt(given, given.length)?.q ?? null;", text) == typed


async def test_only_text_before_the_caret_is_considered(pure_modules: Page) -> None:
    assert await run(pure_modules, "return m.mentionQueryAt(given, 6);", "ask @bob tomorrow") == {"start": 4, "q": "b"}


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        ("", ["bob", "bobby", "ma.yuan", "xia", "guest-7f", "p1"]),
        ("bob", ["bob", "bobby"]),
        ("BOBB", ["bobby"]),
        ("yuan", ["ma.yuan"]),
        ("ma y", ["ma.yuan"]),
        ("圭", ["xia"]),
        ("ob", []),
        ("p", ["p1", "p2", "p3"]),
    ],
)
async def test_the_best_matches_come_first(pure_modules: Page, q: str, expected: list[str]) -> None:
    people = [("bob", "Bob"), ("bobby", "Bob Smith"), ("ma.yuan", "Ma Yuan"), ("xia", "夏圭"), ("guest-7f", "Cedar")]
    people += [(f"p{number}", f"Painter {number}") for number in range(1, 4)]
    given = [q, [{"userId": user_id, "name": name} for user_id, name in people]]
    assert await run(pure_modules, "return m.matchUsers(...given).map(({ userId }) => userId);", given) == expected


async def test_an_exact_name_comes_before_a_recent_writer(pure_modules: Page) -> None:
    people = [{"userId": "bobby", "name": "Bobby"}, {"userId": "bob", "name": "Bob"}]
    assert await run(pure_modules, 'return m.matchUsers("bob", given)[0].userId;', people) == "bob"


async def test_a_guest_is_mentioned_by_the_chosen_name(pure_modules: Page) -> None:
    script = "return given.map(m.mentionText);"
    given = [{"kind": "person", "userId": "bob", "name": "B"}, {"kind": "guest", "userId": "g1", "name": "Quiet Cedar"}]
    assert await run(pure_modules, script, given) == ["@bob", "@Quiet Cedar"]
