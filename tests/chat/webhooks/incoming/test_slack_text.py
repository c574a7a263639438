"""Messages in Slack's syntax are stored as the text that people read."""

from __future__ import annotations

import pytest

from chat.webhooks.incoming.slack_text import plain_text


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("Build <https://ci.example/b/812|#812> is green", "Build #812 (https://ci.example/b/812) is green"),
        ("<https://ci.example/b/812>", "https://ci.example/b/812"),
        ("<https://ci.example/?a=1&amp;b=2|R&amp;D>", "R&D (https://ci.example/?a=1&b=2)"),
        ("<https://ci.example/|ci.example>", "https://ci.example/"),
        ("<https://ci.example/b|https://ci.example/b/>", "https://ci.example/b"),
        ("<https://evil.example/|https://bank.example/>", "https://bank.example/ (https://evil.example/)"),
        ("<https://ci.example/b|>", "https://ci.example/b"),
        ("<https://ci.example/b|\u200b> <@U024BE7LH|\u2800>", "https://ci.example/b @U024BE7LH"),
        ("<mailto:bob@b.example|bob@b.example>", "bob@b.example"),
        ("<mailto:bob@b.example|Bob>", "Bob (bob@b.example)"),
        ("a &lt;b&gt; &amp;&amp; &amp;lt;", "a <b> && &lt;"),
        ("&quot;&nbsp;&#65;", "&quot;&nbsp;&#65;"),
        ("<!here> <!channel> <!everyone>", "@here @channel @everyone"),
        ("<@U024BE7LH> <@U024BE7LH|bob> <@U024BE7LH|@bob>", "@U024BE7LH @bob @bob"),
        ("<#C024BE7LR> <#C024BE7LR|general>", "#C024BE7LR #general"),
        ("<!subteam^S1|@ops> <!date^1392734382^Posted {date}|Posted Feb 18>", "@ops Posted Feb 18"),
        ("1 < 2 > 0, <b>, <!-- x -->, <x y>, <>", "1 < 2 > 0, <b>, <!-- x -->, <x y>, <>"),
        ("*bold* _it_ `code` <javascript:x|y>", "*bold* _it_ `code` <javascript:x|y>"),
        ("<" * 20_000, "<" * 20_000),
    ],
)
def test_links_mentions_and_escapes_are_resolved(sent: str, read: str) -> None:
    assert plain_text(sent) == read
