"""Log-ins that arrive together share their queries, and each gets its own answer."""

from __future__ import annotations

import asyncio
import math
from collections.abc import AsyncIterator
from typing import Any

import pytest
import pytest_asyncio
from django.conf import Settings

from accounts.actions import app_update, guests_create, token_issue, user_deactivate
from accounts.actions.guests import NewGuest
from accounts.credentials import token_digest
from accounts.errors import NameTaken
from accounts.models import App, Device, User
from accounts.selectors.users import user_by_token
from chat.actions import session
from chat.selectors.logins import login_lookup
from delivery import log
from delivery.db.batches import RESULTS_PER_TURN
from delivery.db.executors import run
from tests.support.client import Envelope
from tests.support.group_scenario import GroupScenario
from tests.support.in_process import LocalClient, LocalNode, create_global_channel, create_users, running_node
from tests.support.queries import Queries
from tests.support.sessions import browser_session

pytestmark = pytest.mark.django_db(transaction=True)

SIZES = (2, 8, 64)
"""On SQLite, rows are inserted by statements of a power of two."""


@pytest_asyncio.fixture
async def node(settings: Settings) -> AsyncIterator[LocalNode]:
    settings.IM_PRESENCE_LIMIT = 0  # type: ignore[attr-defined]
    async with running_node() as made:
        yield made


@pytest.fixture
def queries(monkeypatch: pytest.MonkeyPatch) -> Queries:
    return Queries(monkeypatch)


async def _tokens(*users: User) -> list[str]:
    return await run(lambda: [token_issue(user=user) for user in users])


def test_the_number_of_queries_does_not_grow_with_the_log_ins(queries: Queries) -> None:
    create_global_channel()
    app = App.objects.get(number=101)
    users = create_users(*(f"user{number}" for number in range(max(SIZES))))
    digests = [token_digest(token_issue(user=user)) for user in users]
    sessions = [browser_session(user) for user in users]
    found = []
    for size in SIZES:
        with queries.recorded() as looked_up:
            lookup = login_lookup(digests[:size], sessions[:size], [101])
        assert [lookup.by_digest[digest].by.user for digest in digests[:size]] == users[:size]
        assert [lookup.by_session[key].by.user for key in sessions[:size]] == users[:size]
        with queries.recorded() as created:
            guests = guests_create([NewGuest(f"guest {number}", app.pk, "192.0.2.1") for number in range(size)])
        assert len(guests) == size
        found.append((len(looked_up), len(created)))
    assert len(set(found)) == 1


@pytest.mark.parametrize("kind", ["token", "guest"])
async def test_a_crowd_that_logs_in_at_once_shares_its_queries(node: LocalNode, queries: Queries, kind: str) -> None:
    await run(create_global_channel)
    users = await run(create_users, *(f"user{number}" for number in range(max(SIZES))))
    logins: list[dict[str, Any]] = [{"userId": f"guest {number}"} for number in range(max(SIZES))]
    if kind == "token":
        logins = [{"serviceToken": token} for token in await _tokens(*users)]
    counts = []
    for size in SIZES:
        clients = [LocalClient.open() for _ in range(size)]
        await asyncio.gather(*(client.request("ping") for client in clients))
        with queries.recorded() as found:
            envelopes = await asyncio.gather(
                *(client.request("login", appId=101, **data) for client, data in zip(clients, logins, strict=False))
            )
        counts.append(sum("knox_authtoken" in sql for sql in found))
        assert {envelope.code for envelope in envelopes} == {200}
        assert len({envelope.data["id"] for envelope in envelopes}) == size
        await asyncio.gather(*(client.close() for client in clients))
    # The first may be looked up alone. Those that arrive meanwhile are the next batch, or the next two.
    assert all(count <= 1 + 2 * math.ceil(size / RESULTS_PER_TURN) for count, size in zip(counts, SIZES, strict=True))


async def test_each_log_in_of_a_batch_gets_its_own_answer(node: LocalNode) -> None:
    scenario = await run(GroupScenario)
    bob, carol = await _tokens(scenario.bob, scenario.carol)
    (gone,) = await run(create_users, "gone")
    (deactivated,) = await _tokens(gone)
    await run(lambda: user_deactivate(user_id=gone.pk))
    cases: list[tuple[dict[str, Any], int, str | None]] = [
        ({"serviceToken": bob}, 200, None),
        ({"serviceToken": bob}, 200, None),
        ({"serviceToken": carol}, 200, None),
        ({"serviceToken": carol, "appId": 999}, 1003, "unknown_app"),
        ({"serviceToken": carol, "userId": "bob"}, 1002, "user_id_mismatch"),
        ({"serviceToken": "wrong"}, 1003, "invalid_token"),
        ({"serviceToken": deactivated}, 1003, "invalid_token"),
        ({"userId": "a guest"}, 200, None),
        ({"userId": "a guest"}, 200, None),
        ({"userId": "bob"}, 1002, "name_taken"),
        ({"userId": " a guest"}, 1002, None),
        ({"userId": ""}, 1002, "guest_name_length"),
        ({"userId": "a guest", "appId": 999}, 1003, "unknown_app"),
    ]
    clients = [LocalClient.open() for _ in cases]
    answers: list[Envelope] = await asyncio.gather(
        *(
            client.request("login", **{"appId": 101, **data})
            for client, (data, _, _) in zip(clients, cases, strict=True)
        )
    )
    assert [answer.code for answer in answers] == [code for _, code, _ in cases]
    assert all(answer.reason == reason for answer, (_, _, reason) in zip(answers, cases, strict=True) if reason)
    assert [answer.data["userId"] for answer in answers[:3]] == ["bob", "bob", "carol"]
    assert answers[7].data["id"] != answers[8].data["id"]
    (membership,) = node.hub.audience.users[scenario.bob.pk].memberships
    assert (membership.channel, membership.until_position) == (scenario.group.pk, None)
    assert len(node.hub.audience.channels[scenario.group.pk]) == 2
    await asyncio.gather(*(client.close() for client in clients))


@pytest.mark.parametrize("change", [{"enabled": False}, {"guests_allowed": False}], ids=["disabled", "no guests"])
async def test_no_guest_is_created_on_an_app_that_changes_before(
    node: LocalNode, monkeypatch: pytest.MonkeyPatch, change: dict[str, bool]
) -> None:
    """The rate limit comes between the look-up of the app and the creation."""
    await run(create_global_channel)

    async def take(address: str) -> None:
        await run(
            lambda: app_update(**{"number": 101, "name": "Web", "enabled": True, "guests_allowed": True, **change})
        )
        await node.hub.catch_up_to(await run(log.head))

    monkeypatch.setattr(session.registration_rate_limit, "take_async", take)
    client = LocalClient.open()
    answer = await client.request("login", appId=101, userId="a guest")
    assert answer.reason == ("unknown_app" if "enabled" in change else "guests_disabled")
    assert not await run(User.objects.exists)
    await client.close()


def test_guests_created_together_are_complete(db: None) -> None:
    create_global_channel()
    app = App.objects.get(number=101)
    create_users("alice")
    names = ("夏圭？", "ALICE", "夏圭？")
    created = guests_create([NewGuest(name, app.pk, "192.0.2.1%eth0") for name in names])
    first, taken, second = created
    assert isinstance(taken, NameTaken) and not isinstance(first, NameTaken) and not isinstance(second, NameTaken)
    assert first.user.pk != second.user.pk and first.token != second.token
    stored = User.objects.get(pk=first.user.pk)
    assert (stored.nickname, stored.nickname_pinyin, stored.kind) == ("夏圭？", "xiagui", "guest")
    assert not stored.has_usable_password() and stored.username_key == stored.username
    assert user_by_token(first.token) == (first.user, first.credential)
    device = Device.objects.get(credential=first.credential)
    assert (device.user, device.kind, device.app, device.address) == (stored, "token", app, "192.0.2.1")
