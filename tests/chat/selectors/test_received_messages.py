"""Clients that log in together learn in a few queries whether they lack messages, each by its own memberships."""

from __future__ import annotations

import pytest

from accounts.actions import received_positions_store, token_issue
from accounts.credentials import token_digest
from accounts.models import User
from chat.actions.channel import channel_create_group
from chat.selectors.messages import messages_after
from chat.selectors.received_messages import ReceivedQuery, received_answers
from delivery import log
from tests.support.group_scenario import GroupScenario
from tests.support.in_process import create_users, say
from tests.support.queries import Queries

pytestmark = pytest.mark.django_db


def test_the_answers_are_those_of_a_search_for_messages() -> None:
    scenario = GroupScenario()
    other = channel_create_group(creator=scenario.carol, name="Sculptors", members=["bob"])
    scenario.say("one")
    say(scenario.carol, other, "two")
    scenario.say("three")
    scenario.invite("carol")
    scenario.leave()
    say(scenario.carol, other, "four")
    scenario.invite("bob")
    scenario.say("five")
    head = log.head()
    users = scenario.alice, scenario.bob, scenario.carol
    queries = [
        ReceivedQuery(user.pk, upto, "", after)
        for user in users for after in range(head + 1) for upto in range(head + 1)
    ]  # fmt: skip
    by_id = {user.pk: user for user in users}

    def lacks(query: ReceivedQuery) -> bool:
        assert query.after is not None
        user: User = by_id[query.user_id]
        return bool(messages_after(user, after=query.after, upto=query.upto, page_size=1)[0])

    answers = received_answers(queries)

    assert [answer.lacks_messages for answer in answers] == [lacks(query) for query in queries]
    assert [answer.position for answer in answers] == [query.after for query in queries]


def test_the_number_of_queries_does_not_grow_with_the_clients(monkeypatch: pytest.MonkeyPatch) -> None:
    users = create_users("bob", *(f"user{number}" for number in range(100)))
    groups = [channel_create_group(creator=user, name="Painters", members=["bob"]) for user in users]
    digests = [token_digest(token_issue(user=user)) for user in users]
    received_positions_store({digest: log.head() for digest in digests[1::2]})
    stored = log.head()
    for group, user in zip(groups[::3], users[::3], strict=True):
        say(user, group, "hello")
    queries, counts = Queries(monkeypatch), set()
    for size in (1, 10, 100):
        asked = [ReceivedQuery(users[index].pk, log.head(), digests[index]) for index in range(size)]
        with queries.recorded() as found:
            answers = received_answers(asked)
        counts.add(len(found))
        assert [answer.position for answer in answers] == [0, stored] * (size // 2) + [0] * (size % 2)
    assert len(counts) == 1
