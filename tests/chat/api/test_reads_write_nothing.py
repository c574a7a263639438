"""Calls and pages that only read execute no write, so that none of them waits for another program's lock."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from accounts.actions import token_issue
from accounts.models import Device, User
from chat.actions import last_seen
from chat.actions.message import message_send_now
from chat.api.v1.urls import urlpatterns
from chat.models import Channel
from chat.webhooks.incoming.actions import incoming_webhook_create
from chat.webhooks.outgoing.actions import webhook_create
from delivery.db.executors import run
from tests.chat.api.conftest import Grant
from tests.support.fixtures.users import PASSWORD
from tests.support.in_process import draft

pytestmark = pytest.mark.django_db(transaction=True)

READ_PERMISSIONS = {
    permission.partition(".")[2]
    for pattern in urlpatterns
    if (permission := getattr(getattr(pattern.callback, "cls", None), "permissions", {}).get("GET"))
}
PAGES = (
    "/",
    "/home/index",
    "/accounts/login/",
    "/accounts/profile/",
    "/accounts/sign-in-methods/",
    "/admin/",
    "/admin/chat/channel/",
    "/admin/chat/message/",
    "/admin/knox/authtoken/",
)
"""Pages of a signed-in superuser."""


@pytest.fixture(autouse=True)
def _no_earlier_uses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(last_seen, "_pending", {})


def paths(group: Channel, alice: User) -> Iterator[str]:
    """Yield the path of every GET call of the REST API, about objects that exist."""
    said = message_send_now(draft(alice, group, "hello"))
    outgoing, _ = webhook_create(creator=alice, name="w", url="https://hook.example/", events=["message.sent"])
    incoming, _ = incoming_webhook_create(creator=alice, name="Build", channel_id=group.pk)
    values = {
        "<message_id>": said.id, "<channel_id>": group.pk, "<name>": "alice", "<int:app>": 101,
        "<webhook_id>": outgoing.pk, "<hook_id>": incoming.pk, "<external_id>": "7",
    }  # fmt: skip
    for pattern in urlpatterns:
        if hasattr(getattr(pattern.callback, "cls", None), "get"):
            path = str(pattern.pattern)
            for name, value in values.items():
                path = path.replace(name, str(value))
            yield f"/api/v1/{path}?q=hello"


def writes_of(client: Client, path: str, headers: dict[str, str] | None = None) -> list[str]:
    """Return the statements of a GET that are not plain reads."""
    with CaptureQueriesContext(connection) as queries:
        response = client.get(path, headers=headers)
    assert response.status_code in (200, 404), (path, response.status_code)
    return [query["sql"] for query in queries if not query["sql"].startswith(("SELECT", "WITH"))]


def test_no_reading_call_writes(group: Channel, alice: User, shop: User, grant: Grant) -> None:
    alice.is_superuser = True
    alice.save(update_fields=["is_superuser"])
    asked = list(paths(group, alice))
    headers = {"Authorization": grant(shop, *READ_PERMISSIONS)}
    assert len(asked) > 15
    assert {path: found for path in asked if (found := writes_of(Client(), path, headers))} == {}


def test_no_reading_call_of_the_older_ones_writes(group: Channel, alice: User, shop: User, grant: Grant) -> None:
    headers = {"Authorization": grant(shop, "use_gateway")}
    assert writes_of(Client(), "/user/list?appID=101", headers) == []
    assert writes_of(Client(), "/user/online?userID=alice", headers) == []
    assert writes_of(Client(), f"/group_user/list?group_id={group.pk}", {"token": token_issue(user=alice)}) == []


def test_no_page_writes(web: object) -> None:
    User.objects.create_superuser("olga", password=PASSWORD)
    client = Client()
    assert client.post("/accounts/login/", {"username": "olga", "password": PASSWORD}).status_code == 302
    assert {path: found for path in PAGES if (found := writes_of(client, path))} == {}


async def test_the_use_of_a_token_is_recorded_later() -> None:
    def call() -> Device:
        user = User.objects.create_user("shop", nickname="Shop", kind=User.Kind.SERVICE)
        headers = {"Authorization": f"Bearer {token_issue(user=user, address='192.0.2.1')}"}
        Client(REMOTE_ADDR="192.0.2.7").get("/api/v1/apps/", headers=headers)
        return Device.objects.get(user=user)

    device = await run(call)
    assert (device.last_seen_at, device.address) == (None, "192.0.2.1")
    await last_seen.flush()
    await run(device.refresh_from_db)
    assert device.last_seen_at is not None and device.address == "192.0.2.7"
