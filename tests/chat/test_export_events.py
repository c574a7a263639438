"""The user's export contains what events say about the user.

The kinds come from the registry: one without an entry fails.
"""

from __future__ import annotations

import pytest

from accounts.actions import user_register
from chat.wire.schema.events import EVENTS
from tests.support.export import unpacked_export

EXPORTED = {
    "msg": "messages.jsonl",
    "message.edited": "messages.jsonl",
    "message.recalled": "messages.jsonl",
    "message.pinned": "pins.json",
    "message.unpinned": "no: nothing is stored of a pin that is gone",
    "channel.note": "memberships.json",
    "restriction": "restrictions.json",
    "friend.requested": "people.json",
    "friend.accepted": "people.json",
    "friend.removed": "no: nothing is stored of a friendship that ended",
    "person.blocked": "people.json",
    "person.unblocked": "no: nothing is stored of a block that ended",
    "person.changed": "profile.json",
    "read.mark": "read-marks.json",
    "read.seen": "no: it tells how far another user has read",
    "enter": "no: it is not stored",
    "exit": "no: it is not stored",
    "person.online": "no: it repeats the profile, and is stored only for webhooks",
    "person.offline": "no: it repeats the profile, and is stored only for webhooks",
    "presence.reset": "no: it names no user",
    "revocation": "no: it ends connections and says nothing of the user",
}
"""Each kind of event, and the export file with its data about the user who caused it."""


def test_every_kind_is_exported_or_has_a_reason() -> None:
    assert set(EXPORTED) == set(EVENTS)


@pytest.mark.django_db
def test_the_files_exist() -> None:
    files = unpacked_export(user_register(username="alice", nickname="Alice", password="a good password"))
    assert {where for where in EXPORTED.values() if not where.startswith("no: ")} <= set(files)
