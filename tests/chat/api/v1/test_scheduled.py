"""`/api/v1/scheduled/` keeps messages of a service until they are due."""

from __future__ import annotations

import pytest

from accounts.models import User
from chat.models import Message
from delivery import log
from tests.chat.api.v1.conftest import Caller

pytestmark = pytest.mark.django_db(transaction=True)


def test_a_service_schedules_changes_sends_and_cancels(bot: Caller, alice: User) -> None:
    at = log.now_ms() + 3_600_000
    made = [bot.post("scheduled/", {"to": {"user": "alice"}, "msg": text, "at": at}) for text in ("one", "two")]
    assert [reply.status for reply in made] == [201, 201]
    first, second = (reply.data["id"] for reply in made)
    listed = bot.get("scheduled/?limit=1").data
    assert [row["id"] for row in listed["results"]] == [first] and listed["next"]
    assert bot("PATCH", f"scheduled/{first}/", {"msg": "1"}).data["msg"] == "1"
    sent = bot.post(f"scheduled/{first}/send/", {})
    assert (sent.status, Message.objects.get(pk=sent.data["id"]).text) == (200, "1")
    assert bot("DELETE", f"scheduled/{second}/", None).status == 204
    assert bot.get(f"scheduled/{second}/").data["reason"] == "scheduled_not_found"
    assert bot.get("scheduled/").data["results"] == []


def test_bad_requests_are_refused(bot: Caller, alice: User) -> None:
    at = log.now_ms() + 3_600_000
    for to, reason in (({"user": "ghost"}, "user_not_found"), ({"channel": "999"}, "channel_not_found")):
        assert bot.post("scheduled/", {"to": to, "msg": "x", "at": at}).data["reason"] == reason
    assert bot.post("scheduled/", {"to": {"user": "alice"}, "msg": "x", "at": 1}).data["reason"] == "schedule_time"
