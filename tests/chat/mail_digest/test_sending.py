"""Mails leave once, also through restarts, and follow the mail server's answers."""

from __future__ import annotations

import smtplib
import threading
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from django.core import mail
from django.core.mail import EmailMultiAlternatives

from accounts.models import User
from chat.mail_digest import due, results, sender
from chat.mail_digest.mail import digest_mail
from chat.mail_digest.missed import Missed
from chat.models import MailDigest, PushState
from delivery import log
from delivery.db.executors import run
from tests.chat.mail_digest.conftest import claim, subscribe
from tests.support.group_scenario import GroupScenario
from tests.support.in_process import running_node
from tests.support.ports import free_port
from tests.support.waiting import TIMEOUT_SECONDS, wait_until
from tests.support.webhooks import wait_until_stored

pytestmark = pytest.mark.django_db(transaction=True)


class Inbox:
    """A mail server's handler, which keeps what it accepts. `answer`: its answer to a recipient."""

    def __init__(self) -> None:
        self.answer = "250 OK"
        self.mails: list[str] = []

    async def handle_RCPT(self, server: Any, session: Any, envelope: Any, address: str, options: Any) -> str:
        if self.answer.startswith("250"):
            envelope.rcpt_tos.append(address)
        return self.answer

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        self.mails.append(envelope.content.decode())
        return "250 OK"


async def test_a_mention_is_mailed_once_through_restarts(scenario: GroupScenario) -> None:
    await run(subscribe, scenario.bob)
    # No node runs when it is sent.
    await run(scenario.say, "for @bob")
    async with running_node():
        await wait_until(lambda: bool(mail.outbox))
    async with running_node() as node:
        await run(scenario.say, "two for @bob")
        await wait_until_stored(lambda: MailDigest.objects.get().newest == log.head())
        assert node.hub.watermark
    assert [len(one.to) for one in mail.outbox] == [1]
    assert await run(lambda: PushState.objects.get().position) > 0


async def test_a_real_mail_server_gets_it_and_refuses_for_good(scenario: GroupScenario, settings: Any) -> None:
    inbox = Inbox()
    server = Controller(inbox, hostname="127.0.0.1", port=free_port(), ready_timeout=TIMEOUT_SECONDS)
    server.start()
    try:
        settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
        settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", server.port
        await run(subscribe, scenario.bob)
        async with running_node():
            await run(scenario.say, "hello @bob")
            await wait_until(lambda: bool(inbox.mails))
            assert "List-Unsubscribe-Post: List-Unsubscribe=One-Click" in inbox.mails[0]
            inbox.answer = "550 5.1.1 Unknown"
            await run(lambda: MailDigest.objects.update(sent_at=None))
            await run(scenario.say, "again @bob")
            await wait_until_stored(lambda: MailDigest.objects.get().failure == "550 5.1.1 Unknown")
    finally:
        server.stop()
    assert len(inbox.mails) == 1


async def test_a_mail_server_that_does_not_answer_holds_up_no_stop(
    scenario: GroupScenario, monkeypatch: pytest.MonkeyPatch
) -> None:
    begun, answered, ended = threading.Event(), threading.Event(), threading.Event()

    def send(message: Any) -> None:
        begun.set()
        answered.wait(TIMEOUT_SECONDS)
        ended.set()

    monkeypatch.setattr(results, "send", send)
    monkeypatch.setattr(sender, "STOP_SECONDS", 0.0)
    await run(subscribe, scenario.bob)
    async with running_node():
        await run(scenario.say, "for @bob")
        await wait_until(begun.is_set)
    assert not ended.is_set()
    answered.set()


async def test_a_mail_that_cannot_be_written_holds_up_no_other(
    scenario: GroupScenario, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def write_mail(user: User, missed: Missed) -> EmailMultiAlternatives:
        if user == scenario.bob:
            raise ValueError("cannot be written")
        return digest_mail(user, missed)

    monkeypatch.setattr(due, "digest_mail", write_mail)
    await run(scenario.invite, "carol")
    for user in (scenario.bob, scenario.carol):
        await run(subscribe, user)
    await run(scenario.say, "for @bob and @carol")
    async with running_node():
        await wait_until(lambda: bool(mail.outbox))
    assert [one.to for one in mail.outbox] == [["carol@example.org"]]
    assert [record.msg for record in caplog.records if record.levelname == "ERROR"] == ["mail_digest_error"]


def test_a_failure_for_now_is_tried_again_and_given_up_in_the_end(scenario: GroupScenario, settings: Any) -> None:
    settings.IM_MAIL_DIGEST_RETRIES = 1
    before = subscribe(scenario.bob)
    scenario.say("for @bob")
    for _ in range(2):
        claimed = claim()
        assert claimed is not None and "for @bob" in str(claimed.message.body)
        results.record(claimed, smtplib.SMTPDataError(451, b"try later"))
        row = MailDigest.objects.get()
        if _ == 0:
            assert (row.position, row.sent_at, row.attempts) == (before.position, None, 1)
            MailDigest.objects.update(due_at=0)
    assert (row.attempts, row.failure, row.due_at) == (0, "", None)
    assert claim() is None


@pytest.mark.parametrize(
    ("error", "is_final"),
    [
        (ConnectionRefusedError(), False),
        (smtplib.SMTPServerDisconnected("gone"), False),
        (smtplib.SMTPAuthenticationError(535, b"wrong password"), False),
        (smtplib.SMTPRecipientsRefused({"bob@example.org": (450, b"full")}), False),
        (smtplib.SMTPRecipientsRefused({"bob@example.org": (550, b"unknown")}), True),
        (smtplib.SMTPRecipientsRefused({"bob@example.org": (554, b"5.7.1 Relay access denied")}), False),
        (smtplib.SMTPDataError(554, b"not wanted"), True),
        (smtplib.SMTPDataError(550, b"5.7.26 The sender is not authenticated"), False),
        (smtplib.SMTPSenderRefused(553, b"not allowed", "x@example.org"), False),
    ],
)
def test_only_a_final_answer_about_the_mail_ends_the_mails(
    scenario: GroupScenario, error: Exception, is_final: bool
) -> None:
    subscribe(scenario.bob)
    scenario.say("for @bob")
    claimed = claim()
    assert claimed is not None
    results.record(claimed, error)
    assert bool(MailDigest.objects.get().failure) is is_final
