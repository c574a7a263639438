"""A mail is plain text and escaped HTML in its reader's language and zone, and its link ends such mails."""

from __future__ import annotations

from typing import Any

import pytest
from django.test import Client

from accounts.actions import email_set
from accounts.models import User
from chat.models import MailDigest
from tests.chat.mail_digest.conftest import SITE, claim, subscribe
from tests.support.group_scenario import GroupScenario

pytestmark = pytest.mark.django_db(transaction=True)
SCRIPT = "<script>alert(1)</script> for @bob & all"


def html_of(message: Any) -> str:
    ((content, kind),) = message.alternatives
    assert kind == "text/html"
    return str(content)


def test_texts_and_names_are_escaped_and_messages_linked(scenario: GroupScenario) -> None:
    User.objects.filter(pk=scenario.alice.pk).update(nickname="<b>Alice</b>")
    subscribe(scenario.bob)
    said = scenario.say(SCRIPT)
    claimed = claim()
    assert claimed is not None
    message = claimed.message
    assert message.subject == "1 unread message · imsite"
    link = f"{SITE}/#{scenario.group.pk}/{said.seq}"
    for part in (str(message.body), html_of(message)):
        assert link in part and "Painters" in part
    assert SCRIPT in str(message.body) and "<b>Alice</b>" in str(message.body)
    html = html_of(message)
    assert "<script" not in html and "<b>" not in html and "&lt;script&gt;" in html
    assert message.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message.extra_headers["List-Unsubscribe"].startswith(f"<{SITE}/accounts/email/digest/")


def test_a_mail_is_in_its_readers_language_and_zone(scenario: GroupScenario) -> None:
    User.objects.filter(pk=scenario.bob.pk).update(language="zh-hans", time_zone="Asia/Shanghai")
    subscribe(scenario.bob)
    said = scenario.say("for @bob")
    claimed = claim()
    assert claimed is not None and claimed.message.subject == "1 条未读消息 · imsite"
    hour = (said.time // 3_600_000 + 8) % 24
    assert "你有 1 条未读的私信或提及" in str(claimed.message.body)
    assert f" {hour:02}:" in str(claimed.message.body)


def test_a_site_can_leave_the_content_out(scenario: GroupScenario, settings: Any) -> None:
    settings.IM_MAIL_DIGEST_CONTENT = False
    subscribe(scenario.bob)
    scenario.say("a secret for @bob")
    claimed = claim()
    assert claimed is not None
    for part in (str(claimed.message.body), html_of(claimed.message)):
        assert not any(text in part for text in ("secret", "Alice", "Painters"))
        assert f"#{scenario.group.pk}/" in part


def unsubscribe_path(scenario: GroupScenario) -> str:
    subscribe(scenario.bob)
    scenario.say("for @bob")
    claimed = claim()
    assert claimed is not None
    return str(claimed.message.extra_headers["List-Unsubscribe"]).strip("<>").removeprefix(SITE)


def test_a_mail_scanner_ends_nothing_and_one_click_does(scenario: GroupScenario) -> None:
    path, browser = unsubscribe_path(scenario), Client(enforce_csrf_checks=True)
    page = browser.get(path)
    assert page.status_code == 200 and b"<form" in page.content and MailDigest.objects.exists()
    ended = browser.post(path, {"List-Unsubscribe": "One-Click"}, headers={"Origin": "https://mail.example"})
    assert ended.status_code == 200 and not MailDigest.objects.exists()
    # Mail servers may ask twice.
    assert browser.post(path, {"List-Unsubscribe": "One-Click"}).status_code == 200


def test_a_forged_link_and_one_to_an_earlier_address_end_nothing(scenario: GroupScenario) -> None:
    path, browser = unsubscribe_path(scenario), Client()
    assert browser.post(f"{path[:-3]}xx/").status_code == 400
    email_set(user_id=scenario.bob.pk, email="other@example.org")
    assert browser.get(path).status_code == browser.post(path).status_code == 400
    assert MailDigest.objects.exists()
