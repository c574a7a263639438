"""Attack 3, files in a page that embeds one channel: its token opens those of the channel and sends its uploads."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest
from django.test import Client
from pytest_django.fixtures import Settings

from accounts.actions import app_create
from accounts.models import Device, User
from chat.actions.channel import channel_create_global, channel_create_group
from chat.errors import ChatError
from chat.widgets.callers import WidgetCaller
from chat.widgets.files import max_upload_bytes, readable_file
from chat.widgets.tokens import widget_token as new_widget_token
from tests.attacks.test_01_origin import FOREIGN
from tests.support.attachments import ready_attachment
from tests.support.pictures import picture
from tests.support.shared_site import FOREIGN_ORIGIN, Clients, SharedSite, UserClient
from tests.support.uploads import FORM, form
from tests.support.widgets import widget, widget_token

PAGE = {"Origin": FOREIGN_ORIGIN}


@pytest.fixture
async def http(shared_site: SharedSite) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(base_url=shared_site.site.url, trust_env=False) as client:
        yield client


def bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}


async def upload(http: httpx.AsyncClient, token: str, content: bytes = b"", **headers: str) -> httpx.Response:
    body = form(content or picture(size=(900, 600)), "sky.png", "image/png")
    return await http.post(
        "/widget/uploads/", content=body, headers={**PAGE, **bearer(token), "Content-Type": FORM, **headers}
    )


async def sent_file(http: httpx.AsyncClient, embedded: UserClient, token: str) -> dict[str, Any]:
    """Upload a picture, send it, and return the upload's answer."""
    answer = await upload(http, token)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    await embedded.call("message.send", msg="look", attachments=[made["reference"]])
    return made


async def test_a_widget_uploads_sends_and_shows_a_file(
    clients: Clients, shared_site: SharedSite, http: httpx.AsyncClient
) -> None:
    alice, bob = await clients("alice", "bob")
    group = await alice.group(bob)
    token = widget_token(shared_site, bob.id, group)
    embedded = await widget(clients, bob, group)

    made = await sent_file(http, embedded, token)

    assert (await alice.push("msg", content="look")).data["attachments"][0]["id"] == made["id"]
    for path in (f"/widget/files/{made['id']}/", f"/widget/thumbnails/{made['id']}/"):
        asked = await http.options(path, headers={**PAGE, "Access-Control-Request-Method": "GET"})
        assert asked.headers["Access-Control-Allow-Headers"] == "authorization, content-type"
        answer = await http.get(path, headers={**PAGE, **bearer(token)})
        assert (answer.status_code, answer.headers["Access-Control-Allow-Origin"]) == (200, FOREIGN_ORIGIN)
        assert answer.headers["Content-Type"].startswith("image/") and answer.content
        assert "Access-Control-Allow-Credentials" not in answer.headers


async def test_a_file_is_absent_to_other_tokens_and_pages(
    clients: Clients, shared_site: SharedSite, http: httpx.AsyncClient
) -> None:
    alice, bob = await clients("alice", "bob")
    shown, other = await alice.group(bob), await alice.group(bob)
    token = widget_token(shared_site, bob.id, shown)
    embedded = await widget(clients, bob, shown)
    made = await sent_file(http, embedded, token)
    unsent = (await upload(http, token)).json()
    path = f"/widget/files/{made['id']}/"

    async def refused(path: str, **headers: str) -> tuple[int, str]:
        answer = await http.get(path, headers=headers)
        return answer.status_code, answer.json()["reason"]

    of_other_channel = widget_token(shared_site, bob.id, other)
    assert await refused(path, **PAGE, **bearer(of_other_channel)) == (404, "attachment_not_found")
    of_stranger = widget_token(shared_site, shared_site.account("carol").id, shown)
    assert await refused(path, **PAGE, **bearer(of_stranger)) == (404, "channel_not_found")
    assert await refused(f"/widget/files/{unsent['id']}/", **PAGE, **bearer(token)) == (404, "attachment_not_found")
    expired = widget_token(shared_site, bob.id, shown, expired=True)
    for wrong in (expired, bob.token, token[:-1], "x"):
        assert (await refused(path, **PAGE, **bearer(wrong)))[0] == 403
    assert await refused(path, **bearer(token)) == (403, "widget_token_origin"), "as a page of the site itself"
    assert (await refused(path, Cookie=shared_site.account("alice").cookie, Origin=shared_site.site.url))[0] == 403
    for origin in FOREIGN:
        headers = {"Origin": origin.format(port=shared_site.site.port), **bearer(token)}
        answer = await http.get(path, headers=headers)
        assert (answer.status_code, answer.json()["reason"]) == (403, "widget_origin_not_allowed")
        assert "Access-Control-Allow-Origin" not in answer.headers
    for call in ("/api/v1/attachments/", "/api/v1/uploads/"):
        assert (await http.post(call, headers=bearer(token))).status_code == 401
    assert (await http.get(made["url"], headers=bearer(token))).status_code == 404

    message = (await embedded.call("message.history", target=shown, limit=1))["messages"][0]
    await alice.call("message.recall", target=shown, id=message["id"])
    assert await refused(path, **PAGE, **bearer(token)) == (404, "attachment_not_found")


async def test_a_widget_sends_its_own_uploads_only_and_only_in_its_channel(
    clients: Clients, shared_site: SharedSite, http: httpx.AsyncClient
) -> None:
    alice, bob = await clients("alice", "bob")
    shown, other = await alice.group(bob), await alice.group(bob)
    token = widget_token(shared_site, bob.id, shown)
    embedded, elsewhere = await widget(clients, bob, shown), await widget(clients, bob, other)
    by_alice = await widget(clients, alice, shown)
    made = (await upload(http, token)).json()
    # A file that Bob has uploaded in the chat itself.
    private = await http.post(
        "/api/v1/attachments/", content=form(b"private"), headers={**bearer(bob.token), "Content-Type": FORM}
    )
    key = private.json()["id"]
    signature = made["reference"].partition(".")[2]
    for connection, names in (
        (embedded, [made["id"]]),
        (embedded, [key]),
        (embedded, [f"{key}.{signature}"]),
        (embedded, [made["reference"], key]),
        (embedded, [made["reference"] + "x" * 5000]),
        (elsewhere, [made["reference"]]),
        (by_alice, [made["reference"]]),
    ):
        assert (await connection.refusal("message.send", msg="x", attachments=names))[1] == "attachment_not_found"
    assert (await embedded.call("message.send", msg="x", attachments=[made["reference"]]))["target"] == shown


async def test_an_upload_needs_the_token_and_its_page(
    clients: Clients, shared_site: SharedSite, http: httpx.AsyncClient
) -> None:
    alice, bob = await clients("alice", "bob")
    group = await alice.group(bob)
    token = widget_token(shared_site, bob.id, group)

    assert (await upload(http, "x")).json()["reason"] == "widget_token_invalid"
    assert (await upload(http, token, Origin=shared_site.site.url)).json()["reason"] == "widget_token_origin"
    stranger = await upload(http, token, Origin="https://evil.example")
    assert (stranger.status_code, stranger.json()["reason"]) == (403, "widget_origin_not_allowed")
    assert "Access-Control-Allow-Origin" not in stranger.headers
    await alice.call("channel.remove", target=group, member=bob.name)
    assert (await upload(http, token)).json()["reason"] == "channel_not_found"


@pytest.mark.django_db
@pytest.mark.parametrize("size", [11, 100_000])
def test_an_upload_that_is_too_large_is_refused_with_the_limit(
    client: Client, settings: Settings, alice: User, size: int
) -> None:
    channel_create_global(app=app_create(number=101, name="Web"))
    group = channel_create_group(creator=alice, name="Questions")
    settings.IM_WIDGET_ORIGINS, settings.IM_WIDGET_UPLOAD_MAX_BYTES = [FOREIGN_ORIGIN], 10
    device = Device.objects.create(user=alice, credential="session:x", kind=Device.Kind.BROWSER)
    token, _ = new_widget_token(user_id=alice.pk, channel=group.pk, origin=FOREIGN_ORIGIN, issuer=device.credential)
    for limit, reason in ((10, "file_too_large"), (0, "uploads_not_allowed")):
        settings.IM_WIDGET_UPLOAD_MAX_BYTES = limit
        answer = client.post("/widget/uploads/", form(b"x" * size), FORM, headers={**PAGE, **bearer(token)})
        assert answer.json()["reason"] == reason
        assert answer["Access-Control-Allow-Origin"] == FOREIGN_ORIGIN, "so that the widget can tell the user"


@pytest.mark.django_db
def test_the_operator_allows_uploads(settings: Settings, alice: User) -> None:
    guest = User(kind=User.Kind.GUEST)
    assert (max_upload_bytes(alice), max_upload_bytes(guest)) == (26_214_400, 0)
    settings.IM_WIDGET_UPLOAD_MAX_BYTES = 0
    assert max_upload_bytes(alice) == 0


@pytest.mark.django_db
def test_an_upload_that_is_not_sent_is_readable_for_no_widget(alice: User) -> None:
    with pytest.raises(ChatError):
        readable_file(WidgetCaller(alice, 1), ready_attachment(alice).key)
