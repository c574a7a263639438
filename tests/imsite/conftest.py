"""Fixtures for a site with a row of everything that has admin pages."""

from __future__ import annotations

import pytest
from django.test import Client

from accounts.actions import app_create, service_create, token_issue, user_register
from accounts.models import App
from chat.actions.announcement import announcement_create
from chat.actions.channel import channel_create_group
from chat.actions.moderation import user_mute
from chat.actions.report import message_report
from chat.actions.scheduled import message_schedule
from delivery import log
from tests.support.attachments import ready_attachment
from tests.support.operators import send_message


@pytest.fixture
def rows(db: None) -> dict[str, int | str]:
    """Create a row of every kind that has admin pages."""
    alice = user_register(username="alice", password="a good password")
    bob = user_register(username="bob", password="a good password")
    app_create(number=901, name="Web")
    group = channel_create_group(creator=alice, name="Tea", members=["bob"])
    rude = send_message(bob, group, "rude")
    ready_attachment(bob, "Tea", content_type="a/b")
    message_report(user=alice, channel_id=group.pk, message_id=rude.pk, reason="", app=None)
    user_mute(operator=alice, user_id=bob.pk)
    announcement_create(by=alice, text="Hello")
    message_schedule(user=bob, channel_id=group.pk, text="Hello", due_at=log.now_ms() + 3_600_000)
    token_issue(user=alice)
    service_create(username="shop")
    Client().post("/accounts/login/", {"username": "alice", "password": "wrong"})
    return {"chat/channel": group.pk, "accounts/user": bob.pk, "accounts/app": App.objects.get().pk}
