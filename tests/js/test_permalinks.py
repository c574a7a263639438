"""Channels and messages have addresses, which the page recognizes in links."""

from __future__ import annotations

import pytest
from playwright.async_api import Page

from tests.support import machine

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.sqlite,
    pytest.mark.skipif(machine.chromium() is None, reason="Chromium is missing on this machine"),
]

_CALL = "async ([name, args]) => (await import('/static/js/lib/permalinks.js'))[name](...args)"
_PAGE = {"origin": "https://chat.example", "pathname": "/"}


@pytest.mark.parametrize(
    ("fragment", "place"),
    [
        ("#12", {"target": "12", "seq": None}),
        ("#12/34", {"target": "12", "seq": 34}),
        ("", None),
        ("#", None),
        ("#12/", None),
        ("#a/1", None),
        ("#12/34/5", None),
        ("#１２", None),
        ("#12/" + "9" * 30, None),
    ],
)
async def test_the_fragment_names_a_place(pure_modules: Page, fragment: str, place: object) -> None:
    assert await pure_modules.evaluate(_CALL, ["parsePlace", [fragment]]) == place


@pytest.mark.parametrize(
    ("href", "seq"),
    [
        ("https://chat.example/#12/34", 34),
        ("https://chat.example/?appId=102#12/34", 34),
        ("https://chat.example/", None),
        ("https://chat.example/accounts/#12/34", None),
        ("https://chat.example.evil/#12/34", None),
        ("https://user@chat.example/#12/34", None),
        ("http://chat.example/#12/34", None),
    ],
)
async def test_only_links_of_the_site_are_opened_in_place(pure_modules: Page, href: str, seq: int | None) -> None:
    place = await pure_modules.evaluate(_CALL, ["placeOfLink", [href, _PAGE]])
    assert (place and place["seq"]) == seq


@pytest.mark.parametrize(
    ("app", "address"), [(None, "https://chat.example/#12/34"), (102, "https://chat.example/?appId=102#12/34")]
)
async def test_a_message_has_an_address(pure_modules: Page, app: int | None, address: str) -> None:
    script = """async ([app, page]) => {
      const { messageAddress } = await import("/static/js/lib/permalinks.js");
      return messageAddress({ target: "12", seq: 34 }, app ?? undefined, page);
    }"""
    assert await pure_modules.evaluate(script, [app, _PAGE]) == address


async def test_a_visitor_comes_back_to_the_place(pure_modules: Page) -> None:
    script = """async () => {
      const { signInAddress } = await import("/static/js/lib/sign-in-address.js");
      return signInAddress("login", { pathname: "/", search: "?appId=102", hash: "#12/34" });
    }"""
    assert await pure_modules.evaluate(script) == "/accounts/login/?next=%2F%3FappId%3D102%2312%2F34"
