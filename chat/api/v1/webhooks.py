"""`webhooks/…`: webhooks that send events to your URL."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from chat.actions.idempotency import run_once
from chat.api.v1 import pagination
from chat.api.v1.endpoint import Endpoint, Permissions, answer
from chat.api.v1.openapi import CURSOR, LIMIT, described, paged
from chat.api.v1.schema import Count, Id, Milliseconds, Position, Shape, milliseconds, number
from chat.webhooks.outgoing import actions as webhooks
from chat.webhooks.outgoing import selectors as hook_selectors
from chat.wire.schema.events import SUBSCRIPTIONS

if TYPE_CHECKING:
    from chat.models import Webhook as Row

Name = Annotated[str, Meta(min_length=1, max_length=webhooks.NAME_LIMIT)]
Url = Annotated[str, Meta(min_length=1, max_length=webhooks.URL_LIMIT, description="A public https:// or http:// URL.")]
Secret = Annotated[str, Meta(description="Signs the requests. Returned only once.")]
if TYPE_CHECKING:
    Subscription = str
else:
    Subscription = Literal[SUBSCRIPTIONS]
Events = Annotated[list[Subscription], Meta(min_length=1, max_length=len(SUBSCRIPTIONS))]

_EXAMPLE = {
    "id": "3",
    "name": "Orders",
    "url": "https://shop.example/hooks/chat",
    "events": ["message.sent", "person.online"],
    "enabled": True,
    "position": 9001,
    "failures": 0,
}


class NewWebhook(Shape):
    name: Name
    url: Url
    events: Events
    channel: Id | None = None


class WebhookChanges(Shape):
    name: Name | None = None
    url: Url | None = None
    events: Events | None = None
    enabled: bool | None = None
    position: Position | None = None


class Webhook(Shape):
    id: Id
    name: str
    url: str
    events: list[str]
    enabled: bool
    position: Position
    failures: Count
    channel: Id | None = None
    reason: str | None = None
    """The reason why the site disabled it."""
    failingSince: Milliseconds | None = None
    aside: Annotated[Count, Meta(description="Number of dead letters.")] = 0


class CreatedWebhook(Webhook, kw_only=True):
    secret: Secret


class NewSecret(Shape):
    secret: Secret


class WebhookListView(Endpoint):
    permissions: ClassVar[Permissions] = {"GET": "chat.view_webhook", "POST": "chat.add_webhook"}

    @described(
        "List webhooks",
        gives={200: paged("WebhookPage", Webhook)},
        query=(LIMIT, CURSOR),
        tag="webhooks",
        got={"One": {"results": [_EXAMPLE], "next": None}},
    )
    def get(self, request: Request) -> Response:
        """List your own webhooks; with `chat.manage_channels` all of them."""
        page = pagination.requested_page(request)
        rows, more = hook_selectors.webhooks_page(request.user, after=page.number, limit=page.limit)
        return answer(pagination.page_body(_webhooks(rows), next=rows[-1].pk if more else None))

    @described(
        "Create a webhook",
        takes=NewWebhook,
        gives={201: CreatedWebhook, 200: CreatedWebhook},
        idempotent=True,
        tag="webhooks",
        sent={
            "Of all channels": {"name": "Orders", "url": _EXAMPLE["url"], "events": ["message.sent", "person.online"]},
            "Of one channel": {"name": "Ops", "url": _EXAMPLE["url"], "events": ["member.joined"], "channel": "7"},
        },
        got={"Made": {**_EXAMPLE, "secret": "qvXo…"}},
    )
    def post(self, request: Request) -> Response:
        """Create a webhook.

        Events from now on are POSTed to the URL, several in one request, at least once and in order. `Imsite-Signature`
        is `v1=` and the hexadecimal HMAC-SHA256, by the secret, of `Imsite-Timestamp` (Unix seconds), a dot and the
        body, which this document describes under `webhooks`. Any 2xx response accepts the events. Everything else,
        redirects included, is retried with growing pauses for some days; then the webhook is disabled. An event that is
        refused while the next one is accepted becomes a dead letter and is retried by itself, with `late: true`.

        A webhook of one channel receives what its creator may read. A webhook of all channels (never private ones)
        requires `chat.manage_channels`.
        """
        data = self.body(request, NewWebhook)

        def make() -> dict[str, Any]:
            webhook, secret = webhooks.webhook_create(
                creator=request.user,
                name=data.name,
                url=data.url,
                events=data.events,
                channel_id=None if data.channel is None else number(data.channel),
            )
            return {**_webhooks([webhook])[0], "secret": secret}

        body, repeated = run_once(self.idempotency(request, data), make, secret=True)
        return answer(body, 200 if repeated else 201)


class WebhookView(Endpoint):
    permissions: ClassVar[Permissions] = {
        "GET": "chat.view_webhook",
        "PATCH": "chat.change_webhook",
        "DELETE": "chat.delete_webhook",
    }

    @described("Get a webhook", gives={200: Webhook}, tag="webhooks", got={"Healthy": _EXAMPLE})
    def get(self, request: Request, webhook_id: str) -> Response:
        """Return the webhook with its position in the event log and its failures."""
        return answer(_webhooks([hook_selectors.webhook_of(request.user, number(webhook_id))])[0])

    @described(
        "Change a webhook",
        takes=WebhookChanges,
        gives={200: Webhook},
        tag="webhooks",
        sent={"Switch on again": {"enabled": True}, "Tell again": {"position": 9001}},
        got={"Changed": _EXAMPLE},
    )
    def patch(self, request: Request, webhook_id: str) -> Response:
        """Change the webhook; absent fields stay. With `position`, events after it are sent (again).

        `enabled: true` retries failed events and dead letters at once.
        """
        user, data, pk = request.user, self.body(request, WebhookChanges), number(webhook_id)
        webhook = webhooks.webhook_update(user=user, webhook_id=pk, name=data.name, url=data.url, events=data.events)
        if data.position is not None:
            webhook = webhooks.webhook_replay(user=user, webhook_id=pk, position=data.position)
        if data.enabled is not None:
            switch = webhooks.webhook_enable if data.enabled else webhooks.webhook_disable
            webhook = switch(user=user, webhook_id=pk)
        return answer(_webhooks([webhook])[0])

    @described("Delete a webhook", gives={204: None}, tag="webhooks")
    def delete(self, request: Request, webhook_id: str) -> Response:
        """Delete the webhook and its delivery attempts."""
        webhooks.webhook_delete(user=request.user, webhook_id=number(webhook_id))
        return answer(status=204)


class WebhookSecretView(Endpoint):
    permissions: ClassVar[Permissions] = {"POST": "chat.change_webhook"}

    @described(
        "Replace a webhook's secret",
        gives={200: NewSecret},
        tag="webhooks",
        got={"Renewed": {"secret": "qvXo…"}},
        idempotent=True,
    )
    def post(self, request: Request, webhook_id: str) -> Response:
        """Replace the secret. Requests from now on are signed with the new one."""
        pk = number(webhook_id)
        body, _ = run_once(
            self.idempotency(request, Shape()),
            lambda: {"secret": webhooks.webhook_rotate_secret(user=request.user, webhook_id=pk)},
            secret=True,
        )
        return answer(body)


def _webhooks(rows: Sequence[Row]) -> list[dict[str, Any]]:
    counted = hook_selectors.dead_letter_counts(rows)
    return [_webhook(row, counted.get(row.pk, 0)) for row in rows]


def _webhook(row: Row, aside: int) -> dict[str, Any]:
    shown = {
        "id": str(row.pk),
        "name": row.name,
        "url": row.url,
        "events": row.subscriptions,
        "enabled": row.enabled,
        "position": row.position,
        "failures": row.failures,
    }
    if row.channel_id is not None:
        shown["channel"] = str(row.channel_id)
    if row.disabled_reason:
        shown["reason"] = row.disabled_reason
    if row.failing_since is not None:
        shown["failingSince"] = milliseconds(row.failing_since)
    if aside:
        shown["aside"] = aside
    return shown
