"""Fixtures: a site with a mail server in memory, and users of a group who get mails of missed messages."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from accounts.actions import email_set
from accounts.models import User
from chat.mail_digest.actions import mail_digest_set
from chat.mail_digest.due import ClaimedMail, digest_claim, due_digests
from chat.models import MailDigest
from chat.push import keys, notifications
from delivery import log
from tests.support.group_scenario import GroupScenario

NODE = "this"
SITE = "https://chat.example"


@pytest.fixture(autouse=True)
def mail_server(settings: Any) -> None:
    """Let the site send mails, a message at once."""
    settings.IM_SITE_URL, settings.MAIL_IS_SENT = SITE, True
    settings.IM_MAIL_DIGEST_DELAY_SECONDS = 0
    settings.IM_MAIL_DIGEST_BACKOFF_SECONDS = 0.01
    settings.IM_PUSH_INTERVAL = 0.01


@pytest.fixture
def scenario(transactional_db: None) -> GroupScenario:
    made = GroupScenario()
    keys.push_state_ensure()
    return made


def subscribe(user: User, hours: int = 4) -> MailDigest:
    """Give the user an address, and let them get mails."""
    email_set(user_id=user.pk, email=f"{user.username}@example.org")
    user.refresh_from_db()
    mail_digest_set(user=user, hours=hours)
    return MailDigest.objects.get(user=user)


def note() -> None:
    """Follow the event log up to its head."""
    after = notifications.push_lease(node=NODE)
    assert after is not None
    assert notifications.notifications_store(node=NODE, after=after, upto=log.head()) is not None


def claim(*active: User) -> ClaimedMail | None:
    """Claim the mail of the only user for whom one may be due."""
    note()
    due = due_digests(limit=9)
    return digest_claim(due[0], active={user.pk for user in active}) if due else None


Change = Callable[[GroupScenario], object]
