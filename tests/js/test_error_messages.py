"""The page shows refusals in the user's language: each reason has a Chinese text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings
from playwright.async_api import Page

from chat.account_errors import ALL_REASONS
from tests.support import machine

_CHINESE = Path(settings.BASE_DIR) / "static" / "js" / "locales" / "zh-errors.js"


def chinese_texts() -> dict[str, str]:
    return dict(re.findall(r'^  (\w+): "(.+)",$', _CHINESE.read_text(), re.MULTILINE))


def test_every_reason_has_a_chinese_text_and_no_other_has() -> None:
    assert chinese_texts().keys() == ALL_REASONS.keys()


@pytest.mark.parametrize("key", ALL_REASONS)
def test_a_chinese_text_has_the_parameters_of_the_sentence(key: str) -> None:
    text = chinese_texts()[key]
    assert set(re.findall(r"\{(\w+)\}", text)) == set(re.findall(r"%\((\w+)\)s", ALL_REASONS[key].text))
    assert re.search(r"[\u4e00-\u9fff]", text)


@pytest.mark.asyncio(loop_scope="session")
@pytest.mark.sqlite
@pytest.mark.skipif(machine.chromium() is None, reason="Chromium is missing on this machine")
async def test_an_error_is_explained_in_the_users_language(modules: Page) -> None:
    said = await modules.evaluate("""async () => {
      const { errorReplyText } = await import("/static/js/lib/error-messages.js");
      const { language } = await import("/static/js/lib/i18n.js");
      const say = (code, reason, data) => errorReplyText({ code, reason, data });
      const all = () => [
        say(1003, "cannot_add_user", { error: "You cannot add ma.yuan.", userId: "ma.yuan" }),
        say(1011, "slow_mode", { error: "This channel is in slow mode. …", retryAfter: 19.2 }),
        say(1003, "muted", { error: "You are muted.", until: null }),
        say(1004, "a_reason_of_tomorrow", null),
        errorReplyText({ code: 1009, data: { error: "Kept by an older page." } }),
      ];
      const english = all();
      language.choose("zh");
      return [english, all()];
    }""")
    assert said == [
        [
            *("You cannot add ma.yuan.", "This channel is in slow mode. …"),
            *(
                "You are muted here. You can read messages, but not send any.",
                "Something went wrong on the server. Please try again.",
            ),
            "Kept by an older page.",
        ],
        [
            *(
                "不能把 ma.yuan 加进来。",
                "这里开启了慢速模式，20 秒后可以再发。",
                "你在这里已被禁言，可以查看消息，但不能发送。",
            ),
            *("服务器出了点问题，请重试。", "操作失败，请重试。"),
        ],
    ]
