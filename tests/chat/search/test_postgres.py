"""On PostgreSQL a search in parts finds what one statement would find, in the same order."""

from __future__ import annotations

import itertools

import pytest

from accounts.models import User
from chat.actions.channel import channel_create_group
from chat.models import Channel, Message
from chat.search import postgres
from chat.search.index import index_find
from chat.search.tokenizer import phrases
from tests.chat.search.conftest import Say, catch_up

pytestmark = [pytest.mark.postgres, pytest.mark.django_db]


@pytest.mark.parametrize("quiet", [0, 1000], ids=["busy channels", "quiet channels"])
@pytest.mark.parametrize("newest", [1, 3, 1000])
def test_all_parts_together_find_every_match_once(
    group: Channel, say: Say, alice: User, monkeypatch: pytest.MonkeyPatch, newest: int, quiet: int
) -> None:
    other = channel_create_group(creator=alice, name="Other")
    for number in range(12):
        say(alice, group if number % 3 else other, "noon tide" if number % 2 else "noon")
    catch_up()
    monkeypatch.setattr(postgres, "NEWEST_ROWS", newest)
    monkeypatch.setattr(postgres, "QUIET_MESSAGES", quiet)
    for text, searched in itertools.product(("noon", "tide", "tide noon", "storm"), (None, [group.pk], [other.pk])):
        messages = Message.objects.order_by("-pk")
        if searched is not None:
            messages = messages.filter(channel__in=searched)
        # The words of a question may stand in any order.
        wanted = [row.pk for row in messages if set(text.split()) <= set(row.text.split())]
        for limit in (1, 4, 100):
            found = index_find(phrases(text), channels=searched, before=None, limit=limit)
            assert found == wanted[:limit], (text, searched, limit)
            if found:
                found = index_find(phrases(text), channels=searched, before=found[-1], limit=limit)
                assert found == wanted[limit : 2 * limit], (text, searched, limit)
