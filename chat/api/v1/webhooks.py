"""`webhooks/…`: have events sent to a URL of one's own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from chat.actions import webhook as webhooks
from chat.actions.once import once
from chat.api.v1 import pages
from chat.api.v1.endpoint import Endpoint, Permissions, answer
from chat.api.v1.schema import CURSOR, LIMIT, described, paged
from chat.api.v1.shapes import Count, Id, Milliseconds, Position, Shape, number
from chat.hooks.ping import webhook_ping
from chat.selectors import hooks as hook_selectors

if TYPE_CHECKING:
    from chat.models import Webhook as Row
    from chat.models import WebhookDelivery

Heard = Literal[
    "message.sent", "message.edited", "message.recalled", "member.joined", "member.left", "person.online",
    "person.offline",
]  # fmt: skip
Name = Annotated[str, Meta(min_length=1, max_length=webhooks.NAME_LIMIT)]
Url = Annotated[str, Meta(min_length=1, max_length=webhooks.URL_LIMIT, description="https:// or http://, and public.")]
Secret = Annotated[str, Meta(description="Signs what is sent. Told this once.")]
Events = Annotated[list[Heard], Meta(min_length=1, max_length=7)]

ATTEMPTS = 100
"""Attempts that are shown."""
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


class WebhookChange(Shape):
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
    """Why it was switched off."""
    failingSince: Milliseconds | None = None


class MadeWebhook(Webhook, kw_only=True):
    secret: Secret


class NewSecret(Shape):
    secret: Secret


class Attempt(Shape):
    """`status` is absent where nothing was answered; without `events` it was a test."""

    ok: bool
    milliseconds: Count
    error: str | None = None
    status: int | None = None


class KeptAttempt(Attempt, kw_only=True):
    at: Milliseconds
    first: Position
    last: Position
    events: Count
    attempt: Count


class Attempts(Shape):
    results: list[KeptAttempt]


class Webhooks(Endpoint):
    permissions: ClassVar[Permissions] = {"GET": "chat.view_webhook", "POST": "chat.add_webhook"}

    @described(
        "List webhooks",
        gives={200: paged("WebhookPage", Webhook)},
        query=(LIMIT, CURSOR),
        tag="webhooks",
        got={"One": {"results": [_EXAMPLE], "next": None}},
    )
    def get(self, request: Request) -> Response:
        """One's own; with `chat.manage_channels` all."""
        page = pages.asked(request)
        rows, more = hook_selectors.webhooks_page(request.user, after=page.number, limit=page.limit)
        return answer(pages.answer([_webhook(row) for row in rows], next=rows[-1].pk if more else None))

    @described(
        "Make a webhook",
        takes=NewWebhook,
        gives={201: MadeWebhook, 200: MadeWebhook},
        idempotent=True,
        tag="webhooks",
        sent={
            "Of all channels": {"name": "Orders", "url": _EXAMPLE["url"], "events": ["message.sent", "person.online"]},
            "Of one channel": {"name": "Ops", "url": _EXAMPLE["url"], "events": ["member.joined"], "channel": "7"},
        },
        got={"Made": {**_EXAMPLE, "secret": "qvXo…"}},
    )
    def post(self, request: Request) -> Response:
        """Events from now on are POSTed to the URL, several in one request, at least once and in order.

        `Imsite-Signature` is `v1=` and the hexadecimal HMAC-SHA256, by the secret, of `Imsite-Timestamp` (Unix
        seconds), a dot, and the body. Any 2xx takes the events; all else, a redirect too, is tried again, later and
        later. A webhook of a channel hears what its maker may read; one of all channels (never private ones) needs
        `chat.manage_channels`.
        """
        data = self.body(request, NewWebhook)

        def make() -> dict[str, Any]:
            hook, secret = webhooks.webhook_create(
                maker=request.user,
                name=data.name,
                url=data.url,
                events=data.events,
                channel_id=None if data.channel is None else number(data.channel),
            )
            return {**_webhook(hook), "secret": secret}

        body, repeated = once(self.idempotency(request, data), make, secret=True)
        return answer(body, 200 if repeated else 201)


class OneWebhook(Endpoint):
    permissions: ClassVar[Permissions] = {
        "GET": "chat.view_webhook",
        "PATCH": "chat.change_webhook",
        "DELETE": "chat.delete_webhook",
    }

    @described("Look at a webhook", gives={200: Webhook}, tag="webhooks", got={"Well": _EXAMPLE})
    def get(self, request: Request, webhook_id: str) -> Response:
        """Where it is in the log, and whether it fails."""
        return answer(_webhook(hook_selectors.webhook_of(request.user, number(webhook_id))))

    @described(
        "Change a webhook",
        takes=WebhookChange,
        gives={200: Webhook},
        tag="webhooks",
        sent={"Switch on again": {"enabled": True}, "Tell again": {"position": 9001}},
        got={"Changed": _EXAMPLE},
    )
    def patch(self, request: Request, webhook_id: str) -> Response:
        """What is absent stays. `enabled: true` tries at once; `position`: what comes after it is sent (again)."""
        user, data, pk = request.user, self.body(request, WebhookChange), number(webhook_id)
        hook = webhooks.webhook_update(user=user, webhook_id=pk, name=data.name, url=data.url, events=data.events)
        if data.position is not None:
            hook = webhooks.webhook_replay(user=user, webhook_id=pk, position=data.position)
        if data.enabled is not None:
            switch = webhooks.webhook_enable if data.enabled else webhooks.webhook_disable
            hook = switch(user=user, webhook_id=pk)
        return answer(_webhook(hook))

    @described("Remove a webhook", gives={204: None}, tag="webhooks")
    def delete(self, request: Request, webhook_id: str) -> Response:
        """With the record of its deliveries."""
        webhooks.webhook_delete(user=request.user, webhook_id=number(webhook_id))
        return answer(status=204)


class WebhookSecret(Endpoint):
    permissions: ClassVar[Permissions] = {"POST": "chat.change_webhook"}

    @described(
        "Renew a webhook's secret",
        gives={200: NewSecret},
        tag="webhooks",
        got={"Renewed": {"secret": "qvXo…"}},
        idempotent=True,
    )
    def post(self, request: Request, webhook_id: str) -> Response:
        """What is sent from now on is signed by the new one."""
        pk = number(webhook_id)
        body, _ = once(
            self.idempotency(request, Shape()),
            lambda: {"secret": webhooks.webhook_renew_secret(user=request.user, webhook_id=pk)},
            secret=True,
        )
        return answer(body)


class WebhookPing(Endpoint):
    permissions: ClassVar[Permissions] = {"POST": "chat.change_webhook"}

    @described(
        "Test a webhook",
        gives={200: Attempt},
        tag="webhooks",
        got={"Well": {"ok": True, "status": 204, "milliseconds": 12}},
    )
    def post(self, request: Request, webhook_id: str) -> Response:
        """Send one event `ping` now and tell what came of it."""
        made = webhook_ping(user=request.user, webhook_id=number(webhook_id))
        return answer(_attempt(made.status, made.error, made.milliseconds))


class WebhookDeliveries(Endpoint):
    permissions: ClassVar[Permissions] = {"GET": "chat.view_webhook"}

    @described(
        "List a webhook's deliveries",
        gives={200: Attempts},
        got={
            "One that came": {
                "results": [
                    {
                        "ok": True, "milliseconds": 38, "status": 200, "at": 1795860000000, "first": 8990, "last": 9001,
                        "events": 3, "attempt": 1,
                    }
                ]
            }
        },
        tag="webhooks",
    )  # fmt: skip
    def get(self, request: Request, webhook_id: str) -> Response:
        """The last attempts, the newest first."""
        hook = hook_selectors.webhook_of(request.user, number(webhook_id))
        return answer({"results": [_kept(row) for row in hook_selectors.deliveries(hook, ATTEMPTS)]})


def _webhook(row: Row) -> dict[str, Any]:
    shown = {
        "id": str(row.pk),
        "name": row.name,
        "url": row.url,
        "events": row.heard,
        "enabled": row.enabled,
        "position": row.position,
        "failures": row.failures,
    }
    if row.channel_id is not None:
        shown["channel"] = str(row.channel_id)
    if row.disabled_reason:
        shown["reason"] = row.disabled_reason
    if row.failing_since is not None:
        shown["failingSince"] = round(row.failing_since.timestamp() * 1000)
    return shown


def _attempt(status: int | None, error: str, milliseconds: int) -> dict[str, Any]:
    shown: dict[str, Any] = {"ok": not error, "milliseconds": milliseconds}
    if error:
        shown["error"] = error
    if status is not None:
        shown["status"] = status
    return shown


def _kept(row: WebhookDelivery) -> dict[str, Any]:
    return _attempt(row.status, row.error, row.milliseconds) | {
        "at": round(row.at.timestamp() * 1000),
        "first": row.first_position,
        "last": row.last_position,
        "events": row.events,
        "attempt": row.attempt,
    }
