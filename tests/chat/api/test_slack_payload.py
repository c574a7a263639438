"""Each part of Slack's payload that has text is in the message, in the site's syntax."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from chat.api.slack_payload import SlackPayload, message_text

_ALERT = {
    "fallback": "[FIRING] disk",
    "color": "danger",
    "pretext": "<!here> see",
    "title": "[FIRING] disk_full *",
    "title_link": "https://alerts.example/1",
    "text": "*92 %* on <https://db.example/|db1>\n```df -h```",
    "fields": [{"title": "Host", "value": "db1", "short": True}, {"value": 3}],
    "footer": "Alerts",
    "ts": 1700000000,
}
_BLOCKS = [
    {"type": "header", "text": {"type": "plain_text", "text": "Build *812*\nfailed", "emoji": True}},
    {
        "type": "section",
        "block_id": "s",
        "text": {"type": "mrkdwn", "text": "On ~main~ *dev*"},
        "fields": [{"type": "plain_text", "text": "a_b _c_"}, {"type": "mrkdwn", "text": "*By* bob"}],
        "accessory": {"type": "image", "image_url": "https://a.example/", "alt_text": "x"},
    },
    {"type": "divider"},
    {
        "type": "context",
        "elements": [
            {"type": "image", "image_url": "https://a.example/", "alt_text": "x"},
            {"type": "mrkdwn", "text": "_now_"},
            {"type": "plain_text", "text": "or *never*"},
        ],
    },
    {"type": "actions", "elements": [{"type": "button", "text": {"type": "plain_text", "text": "Retry"}}]},
    {"type": "rich_text", "elements": [{"type": "rich_text_section", "elements": []}]},
    {"type": "markdown", "text": "**as is**"},
]
_SHOWN_BLOCKS = (
    "**Build \\*812\\* failed**\nOn ~~main~~ **dev**\na_b \\_c\\_\n**By** bob\n_now_ or \\*never\\*\n**as is**"
)


@pytest.mark.parametrize(
    ("payload", "expected"),
    [
        ({"text": "*a*"}, "**a**"),
        ({"text": "*a* &amp; [b]", "mrkdwn": False}, "\\*a\\* & \\[b\\]"),
        ({"text": "a", "attachments": None, "blocks": None}, "a"),
        ({"text": "a", "attachments": [{"text": "*b*"}, {"fallback": "c"}]}, "a\n> **b**\nc"),
        ({"attachments": [{"fallback": "a", "title": "b", "title_link": "javascript:x"}]}, "> **b (javascript:x)**"),
        (
            {"attachments": [_ALERT]},
            "@here see\n> **[\\[FIRING\\] disk_full \\*](https://alerts.example/1)**\n"
            "> **92 %** on [db1](https://db.example/)\n> ```df -h```\n> **Host**\n> db1\n> 3",
        ),
        ({"text": "for notifications", "blocks": _BLOCKS}, _SHOWN_BLOCKS),
        ({"text": "a", "blocks": [{"type": "divider"}, {"type": "image"}]}, "a"),
        (
            {"attachments": [{"blocks": [{"type": "section", "text": {"type": "mrkdwn", "text": "a\n\nb"}}]}]},
            "> a\n>\n> b",
        ),
        ({"attachments": [{"image_url": "https://a.example/"}], "blocks": []}, ""),
        ({}, ""),
    ],
)
def test_the_text_of_a_payload_is_the_message(payload: dict[str, Any], expected: str) -> None:
    assert message_text(msgspec.convert(payload, SlackPayload)) == expected
