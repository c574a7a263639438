"""The description of a page becomes plain, short text, whatever the page is made of."""

from __future__ import annotations

import pytest

from chat.link_previews.page_parser import (
    MAX_DESCRIPTION_LENGTH,
    MAX_TITLE_LENGTH,
    PageDescription,
    parse_page,
)
from chat.link_previews.page_process import describe_page

ADDRESS = "https://news.example/today/"


def parse(html: str, content_type: str = "text/html; charset=utf-8") -> PageDescription:
    return parse_page(html.encode(), content_type, ADDRESS)


def test_open_graph_comes_first() -> None:
    described = parse(
        """<html><head><title>Plain</title><meta name=description content="Plain too">
        <meta property="og:title" content="Rain &amp; wind"><meta property="og:description" content=" A
        storm "><meta property="og:site_name" content="News"><meta property="og:image" content="/storm.jpg"></head>"""
    )
    assert described == PageDescription("Rain & wind", "A storm", "News", "https://news.example/storm.jpg")


def test_twitter_and_the_title_stand_in() -> None:
    described = parse('<title>Plain\n title</title><meta name="twitter:description" content="Short">')
    assert described == PageDescription("Plain title", "Short", "", "")
    assert parse("<p>nothing").title == ""


def test_markup_and_hidden_characters_stay_text() -> None:
    described = parse(
        "<title><script>alert(1)</script>\u202egnp.exe\u2066 a\u200bb\0</title>"
        '<meta property="og:description" content="&lt;img src=x onerror=alert(1)&gt;">'
        '<meta property="og:image" content="javascript:alert(1)">'
    )
    assert described.title == "<script>alert(1)</script>gnp.exe ab\ufffd"
    assert (described.description, described.picture) == ("<img src=x onerror=alert(1)>", "")


def test_long_texts_are_cut_and_empty_ones_left_out() -> None:
    described = parse(f'<title>{"wide " * 100_000}</title><meta name="description" content="{"x" * 5000}">')
    assert len(described.title) <= MAX_TITLE_LENGTH and described.title.endswith("…")
    assert len(described.description) == MAX_DESCRIPTION_LENGTH
    assert parse("<title>\u200b \u3164</title>").title == ""


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        ("<title>天气</title>".encode(), "text/html; charset=utf-8"),
        ("<title>天气</title>".encode(), "text/html"),
        ("<title>天气</title>".encode("gbk"), "text/html; charset=GB2312"),
        ('<meta charset="gbk"><title>天气</title>'.encode("gbk"), "text/html"),
        ("\ufeff<title>天气</title>".encode("utf-16-le"), "text/html; charset=utf-8"),
        ("<title>天气</title>".encode("shift_jis", "replace"), "text/html; charset=utf-8"),
        ("<title>天气</title>".encode(), 'text/html; charset="zlib_codec"'),
        ("<title>天气</title>".encode(), "text/html; charset=punycode"),
        ("<title>天气</title>".encode(), "text/html; charset=" + "x" * 10_000),
        ("<title>天气</title>".encode(), "text/html; charset=\x00"),
    ],
)
def test_every_encoding_is_read_or_replaced(body: bytes, content_type: str) -> None:
    title = parse_page(body, content_type, ADDRESS).title
    assert title == "天气" or "\ufffd" in title


@pytest.mark.parametrize(
    "html", ["<" * 500_000, "<div>" * 100_000, "<!--" * 200_000, "<meta " * 150_000, "<a b='" * 150_000, "&" * 10**6]
)
def test_a_hostile_page_ends_at_most_its_own_process(html: str) -> None:
    # A crash, or more time than allowed, gives the same: nothing.
    described = describe_page(html.encode(), "text/html", ADDRESS)
    assert described == PageDescription()


def test_the_process_returns_what_the_parser_finds() -> None:
    page = b"<title>\xcc\xec</title>"
    assert describe_page(page, "text/html; charset=gbk", ADDRESS) == PageDescription(title="天")
