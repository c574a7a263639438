"""Addresses become links up to where their writer ended them, and show a host that may deceive in punycode."""

from __future__ import annotations

from collections.abc import Iterable

import pytest
from playwright.async_api import Page

from tests.support import machine

pytestmark = [
    pytest.mark.asyncio(loop_scope="session"),
    pytest.mark.sqlite,
    pytest.mark.skipif(machine.chromium() is None, reason="Chromium is missing on this machine"),
]

# Texts with the links in them between ⟦ and ⟧, which are taken out first.
PUNCTUATION = """
    see ⟦https://a.example/x⟧.
    ⟦https://a.example/x⟧, ⟦https://a.example/y⟧; ⟦https://a.example/z⟧!
    is it ⟦https://a.example⟧? or ⟦https://a.example/?q=1⟧?
    ⟦https://a.example/x⟧...
    ⟦https://a.example/x⟧…
    ⟦https://a.example/x⟧…然后
    ⟦https://a.example/x⟧—and so on
    ⟦https://a.example/compare/v1.2...v1.3⟧
    ⟦https://a.example/maps/@59.93,30.31,15z⟧
    ⟦https://a.example/trailing-⟧ ⟦https://a.example/a--b⟧
    ⟦https://a.example/Foo_⟧
    ⟦https://a.example/Sagittarius_A*⟧
    __⟦https://a.example/x⟧__ and ~⟦https://a.example/x⟧~
    ⟦https://a.example/~user⟧ ⟦https://a.example/x⟧~~ |⟦https://a.example/x⟧| ⟦https://b.example/?f=A|B⟧
    ⟦https://a.example/#/inbox⟧ ⟦https://a.example/#⟧ ⟦https://a.example/?a=1&b=⟧
    C:\\⟦https://a.example/x⟧\\n
"""
APOSTROPHES = """
    ⟦https://de.example/wiki/Schrödinger's_cat⟧ ⟦https://a.example/Ho'olauna⟧ ⟦https://a.example/10'-x-30⟧
    ⟦https://a.example/Schrödinger’s_cat⟧
    '⟦https://a.example/x⟧' and ‘⟦https://a.example/x⟧’ and it is ⟦https://a.example/x⟧'
    {'url':'⟦https://a.example/x⟧','n':1} {"url":"⟦https://a.example/x⟧","n":1}
"""
QUOTES_AND_BRACKETS = """
    “⟦https://a.example/x⟧” „⟦https://a.example/x⟧“ ”⟦https://a.example/x⟧”
    «⟦https://a.example/x⟧» »⟦https://a.example/x⟧« ‹⟦https://a.example/x⟧›
    「⟦https://a.example/x⟧」と『⟦https://a.example/x⟧』
    《⟦https://a.example/x⟧》【⟦https://a.example/x⟧】（⟦https://a.example/x⟧）说
    [⟦https://a.example/x⟧] {⟦https://a.example/x⟧} (⟦https://a.example/x⟧). <⟦https://a.example/x⟧>
    [text] (⟦https://a.example/x⟧)[more](x ⟦https://b.example/y⟧)
    ⟦https://a.example/Foo_(bar)⟧ (⟦https://a.example/Foo_(bar_(baz))⟧)
    ⟦https://a.example/a[1]{2}⟧ ⟦https://a.example/f(a,%20b)⟧
    ⟦https://zh.example/wiki/青（颜色）⟧ ⟦https://zh.example/wiki/（你让我）神魂颠倒⟧ ⟦https://zh.example/《红楼梦》⟧
    ⟦https://ja.example/「彼女」⟧。
    ⟦https://a.example/x⟧(see there) ⟦https://a.example/x⟧（见 这里）
    ｜⟦https://a.example/x⟧｜y
"""
OTHER_SCRIPTS = """
    看⟦https://a.example/路⟧，好。⟦https://a.example⟧真好 ⟦http://localhost⟧입니다 ⟦https://a.example⟧👍🏽
    ⟦https://ja.example/wiki/ジョン・レノン⟧、⟦https://en.example/wiki/Michelson–Morley⟧
    ⟦https://fa.example/wiki/می‌شود⟧ ⟦https://президент.рф/о⟧ ⟦https://例え.jp/⟧ ⟦https://müller.example⟧
    ⟦https://a.example/😀⟧
"""
ADDRESSES = """
    ⟦http://localhost:8000/⟧ ⟦http://192.168.1.1:80⟧ ⟦http://[::1]:8000/x⟧ ⟦HTTPS://A.EXAMPLE/X⟧
    ⟦https://user:pass@a.example:8080/⟧ a@⟦https://b.example⟧ text:⟦https://a.example⟧
    ⟦https://archive.example/web/https://a.example/x⟧
    ⟦mailto:first.last+tag@a.example⟧, <⟦mailto:a@b.example?subject=x⟧>
    ⟦https://a.example⟧_ ⟦https://a.example/_⟧
"""
NO_LINKS = """
    https:// http://. https://? https://.a.example https://-a.example xhttps://a.example https://[x]/ mailto:a mailto:@b
    https://a.example:99999/
"""


def lines(*texts: str) -> Iterable[str]:
    return (line.strip() for text in texts for line in text.strip().splitlines())


async def shown(pure_modules: Page, text: str) -> list[list[str]]:
    """Return what is shown of each link, and its address."""
    script = """async (text) => {
      const { parseMarkup } = await import("/static/js/lib/markup.js");
      return parseMarkup(text).filter(({ kind }) => kind === "link").map(({ text, href }) => [text, href]);
    }"""
    links: list[list[str]] = await pure_modules.evaluate(script, text)
    return links


async def test_a_link_ends_where_its_address_does(pure_modules: Page) -> None:
    script = """async (texts) => {
      const { parseMarkup } = await import("/static/js/lib/markup.js");
      return texts.map((text) =>
        parseMarkup(text).map(({ kind, text }) => (kind === "link" ? `⟦${text}⟧` : text)).join(""));
    }"""
    expected = list(lines(PUNCTUATION, APOSTROPHES, QUOTES_AND_BRACKETS, OTHER_SCRIPTS, ADDRESSES, NO_LINKS))
    found = await pure_modules.evaluate(script, [line.replace("⟦", "").replace("⟧", "") for line in expected])
    # Brackets that only enclose an address are not shown.
    visible = [line.replace("<⟦", "⟦").replace("⟧>", "⟧") for line in expected]
    assert [pair for pair in zip(found, visible, strict=True) if pair[0] != pair[1]] == []


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        # A Cyrillic а, in one label and as all of a label.
        ("https://аpple.com/x", "https://xn--pple-43d.com/x"),
        ("https://www.аррӏе.com", "https://www.xn--80ak6aa92e.com"),
        ("https://pаypal.com:8080/x?y#z", "https://xn--pypal-4ve.com:8080/x?y#z"),
        # A Greek omicron; letters that only look like a path.
        ("https://gοogle.example", "https://xn--gogle-rce.example"),
        ("mailto:a@аpple.com", "mailto:a@xn--pple-43d.com"),
        # Symbols are no letters of a name.
        ("https://i❤.example", "https://xn--i-7iq.example"),
    ],
)
async def test_a_host_that_mixes_scripts_is_shown_in_punycode(pure_modules: Page, address: str, expected: str) -> None:
    assert [link[0] for link in await shown(pure_modules, f"see {address} now")] == [expected]


async def test_a_direction_control_does_not_split_a_link(pure_modules: Page) -> None:
    text = "\u2068https://a.example/x\u202egnp.exe\u2069 y"
    expected = "https://a.example/x%E2%80%AEgnp.exe"
    assert await shown(pure_modules, text) == [[expected, expected]]


async def test_a_long_text_without_spaces_takes_no_long_time(pure_modules: Page) -> None:
    script = """async () => {
      const { parseMarkup } = await import("/static/js/lib/markup.js");
      const began = performance.now();
      const parts = ["https://", "https://a.example/(", "https://a.example/'", "mailto:a", "https://a-", "https://a@"];
      for (const part of parts) parseMarkup(part.repeat(1500));
      for (const end of [".", "(", "’", "-", "_", "a@"]) parseMarkup(`https://a.example/${end.repeat(20_000)}`);
      return performance.now() - began;
    }"""
    assert await pure_modules.evaluate(script) < 5000
