"""Addresses that get a preview are found in texts."""

from __future__ import annotations

import time

import pytest

from chat.link_previews.addresses import preview_addresses


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("see https://a.example/c.", ["https://a.example/c"]),
        ("(https://a.example/c_(d))", ["https://a.example/c_(d)"]),
        ("看https://a.example/路径，好", ["https://a.example/路径"]),
        ("https://a.example看看", ["https://a.example"]),
        ("[label](https://a.example/x)", ["https://a.example/x"]),
        ("**https://a.example/**", ["https://a.example/"]),
        ("https://a.example/#part https://a.example/", ["https://a.example/"]),
        ("https://a.example http://b.example https://c.example", ["https://a.example", "http://b.example"]),
        ("<https://a.example> https://b.example", ["https://b.example"]),
        ("`https://a.example` ``https://b.example`` x", []),
        ("```\nhttps://a.example\n```\nhttps://b.example", ["https://b.example"]),
        ("```\nhttps://a.example", ["https://a.example"]),
        ("``` ``` https://a.example ``` https://b.example", ["https://b.example"]),
        ("``` https://a.example\n```` \n``` \nhttps://b.example", ["https://b.example"]),
        ("a ```https://a.example`` https://b.example", ["https://a.example", "https://b.example"]),
        ("a ```https://a.example\nx``` https://b.example", ["https://b.example"]),
        ("https://a.example/(b)))", ["https://a.example/(b)"]),
        ("https://user:secret@a.example/", []),
        ("xhttps://a.example ftp://a.example mailto:a@a.example a.example", []),
        ("https://" + "a" * 3000, []),
        ("https://", []),
    ],
)
def test_addresses_of_a_text(text: str, found: list[str]) -> None:
    assert preview_addresses(text, 2) == found


@pytest.mark.parametrize(
    "text",
    [
        "https://a" * 900,
        "`" * 8000,
        " ".join("`" * length for length in range(1, 126)),
        "```\n" * 2000,
        ")" * 7990,
        "`a" * 4000,
    ],
)
def test_a_long_text_takes_little_time(text: str) -> None:
    began = time.thread_time()
    preview_addresses(f"https://a{text}", 3)
    preview_addresses(f"https://a.example {text}", 3)
    assert time.thread_time() - began < 0.1
