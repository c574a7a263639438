"""Messages in Slack's syntax are stored as the text that people read."""

from __future__ import annotations

import pytest

from chat.webhooks.incoming.slack_text import markdown


@pytest.mark.parametrize(
    ("sent", "read"),
    [
        ("Build <https://ci.example/b/812|#812> is green", "Build [#812](https://ci.example/b/812) is green"),
        ("<https://ci.example/b/812>", "https://ci.example/b/812"),
        ("<https://ci.example/?a=1&amp;b=2|R&amp;D>", "[R&D](https://ci.example/?a=1&b=2)"),
        ("<https://ci.example/|ci.example>", "https://ci.example/"),
        ("<https://ci.example/b|https://ci.example/b/>", "https://ci.example/b"),
        ("<https://evil.example/|https://bank.example/>", "[https://bank.example/](https://evil.example/)"),
        ("<https://ci.example/b|>", "https://ci.example/b"),
        ("<https://ci.example/b|\u200b> <@U024BE7LH|\u2800>", "https://ci.example/b @U024BE7LH"),
        ("<mailto:bob@b.example|bob@b.example>", "bob@b.example"),
        ("<mailto:bob@b.example|Bob>", "[Bob](mailto:bob@b.example)"),
        ("a &lt;b&gt; &amp;&amp; &amp;lt;", "a <b> && &lt;"),
        ("&quot;&nbsp;&#65;", "&quot;&nbsp;&#65;"),
        ("<!here> <!channel> <!everyone>", "@here @channel @everyone"),
        ("<@U024BE7LH> <@U024BE7LH|bob> <@U024BE7LH|@bob>", "@U024BE7LH @bob @bob"),
        ("<#C024BE7LR> <#C024BE7LR|general>", "#C024BE7LR #general"),
        ("<!subteam^S1|@ops> <!date^1392734382^Posted {date}|Posted Feb 18>", "@ops Posted Feb 18"),
        ("1 < 2 > 0, <b>, <!-- x -->, <x y>, <>", "1 < 2 > 0, <b>, <!-- x -->, <x y>, <>"),
        ("*bold* _it_ ~no~ `code` <javascript:x|y>", "**bold** _it_ ~~no~~ `code` <javascript:x|y>"),
        ("*a <https://ci.example/*b|*c*>* d", "**a [*c*](https://ci.example/*b)** d"),
        ("_*a*_ *_a_* (*a*), *~a~*", "_**a**_ **_a_** (**a**), **~~a~~**"),
        ("2*3*4 * a * *b\nc* **d** ~~e~~ ~f ~ a~b~", "2*3*4 * a * *b\nc* **d** ~~e~~ ~f ~ a~b~"),
        ("`*a* &lt;` ```*b*\n<https://ci.example/|c>```", "`*a* <` ```\n*b*\nc (https://ci.example/)```"),
        ("&gt;a\n&gt; *b*\n>c\nd", "> a\n> **b**\n> c\nd"),
        ("a\n&gt;&gt;&gt;b\nc", "a\n> b\n> c"),
        ("<https://ci.example/(a|[b]> <tel:1|call>", "[\\[b\\]](https://ci.example/%28a) call (1)"),
        ("a\0<b>", "a\0<b>"),
        ("*" * 20_000, "*" * 20_000),
        ("`" * 20_001, "`" * 20_001),
        ("*a " * 10_000, "*a " * 10_000),
        ("* " * 10_000, "* " * 10_000),
        ("&gt;" * 10_000, ">" * 10_000),
        ("<" * 20_000, "<" * 20_000),
    ],
)
def test_links_mentions_and_escapes_are_resolved(sent: str, read: str) -> None:
    assert markdown(sent) == read
