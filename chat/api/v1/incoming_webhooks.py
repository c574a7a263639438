"""`incoming-webhooks/…`: URLs through which other systems post into one channel."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar

from msgspec import Meta
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.names import USER_NAME_MAX_LENGTH
from chat import payloads
from chat.actions.idempotency import run_once
from chat.api.v1 import pagination
from chat.api.v1.endpoint import Endpoint, Permissions, answer
from chat.api.v1.openapi import CURSOR, LIMIT, described, paged
from chat.api.v1.schema import Id, Milliseconds, Person, Shape, milliseconds, number
from chat.webhooks.incoming import actions as hooks
from chat.webhooks.outgoing import selectors as hook_selectors

if TYPE_CHECKING:
    from chat.models import IncomingWebhook as Row

Url = Annotated[str, Meta(description="Anyone who has it can post. Returned only once.")]

_EXAMPLE = {
    "id": "3", "name": "Builds", "channel": "7", "enabled": True, "madeAt": 1795860000000,
    "bot": {"userId": "hook-0f3c9a1be2d3", "id": "31", "name": "Builds", "avatar": "", "kind": "service"},
}  # fmt: skip
_URL = "https://chat.example/hooks/nQ7…/"


class NewIncomingWebhook(Shape):
    name: Annotated[
        str, Meta(min_length=1, max_length=USER_NAME_MAX_LENGTH, description="The name that its messages show.")
    ]
    channel: Annotated[Id, Meta(description="A group or a global channel.")]


class IncomingWebhookChanges(Shape):
    enabled: bool


class IncomingWebhook(Shape):
    """`bot` sends what is posted. `usedAt` is exact to a minute, and absent before the first use."""

    id: Id
    name: str
    channel: Id
    bot: Person
    enabled: bool
    madeAt: Milliseconds
    usedAt: Milliseconds | None = None


class CreatedIncomingWebhook(IncomingWebhook, kw_only=True):
    url: Url


class NewUrl(Shape):
    url: Url


class IncomingWebhookListView(Endpoint):
    permissions: ClassVar[Permissions] = {"GET": "chat.view_incomingwebhook", "POST": "chat.add_incomingwebhook"}

    @described(
        "List incoming webhooks",
        gives={200: paged("IncomingWebhookPage", IncomingWebhook)},
        query=(LIMIT, CURSOR),
        tag="incoming webhooks",
        got={"One": {"results": [_EXAMPLE], "next": None}},
    )
    def get(self, request: Request) -> Response:
        """List your own incoming webhooks; with `chat.manage_channels` all of them."""
        page = pagination.requested_page(request)
        rows, more = hook_selectors.incoming_webhooks_page(request.user, after=page.number, limit=page.limit)
        return answer(pagination.page_body([_hook_body(row) for row in rows], next=rows[-1].pk if more else None))

    @described(
        "Create an incoming webhook",
        takes=NewIncomingWebhook,
        gives={201: CreatedIncomingWebhook, 200: CreatedIncomingWebhook},
        idempotent=True,
        tag="incoming webhooks",
        sent={"Into a group": {"name": "Builds", "channel": "7"}},
        got={"Made": {**_EXAMPLE, "url": _URL}},
    )
    def post(self, request: Request) -> Response:
        """Create a URL that accepts `{"text": "…"}`.

        A new bot with the given name joins the group and sends the messages. Allowed for owners and admins of the group
        and for holders of `chat.manage_channels`. It works as long as they keep that right.
        """
        data = self.body(request, NewIncomingWebhook)
        channel = number(data.channel)

        def make() -> dict[str, Any]:
            webhook, secret = hooks.incoming_webhook_create(creator=request.user, name=data.name, channel_id=channel)
            return {**_hook_body(webhook), "url": _url(request, secret)}

        body, repeated = run_once(self.idempotency(request, data), make, secret=True)
        return answer(body, 200 if repeated else 201)


class IncomingWebhookView(Endpoint):
    permissions: ClassVar[Permissions] = {
        "GET": "chat.view_incomingwebhook",
        "PATCH": "chat.change_incomingwebhook",
        "DELETE": "chat.delete_incomingwebhook",
    }

    @described("Get an incoming webhook", gives={200: IncomingWebhook}, tag="incoming webhooks", got={"One": _EXAMPLE})
    def get(self, request: Request, hook_id: str) -> Response:
        """Return the incoming webhook's channel and state."""
        return answer(_hook_body(hook_selectors.incoming_webhook_of(request.user, number(hook_id))))

    @described(
        "Enable or disable an incoming webhook",
        takes=IncomingWebhookChanges,
        gives={200: IncomingWebhook},
        tag="incoming webhooks",
        sent={"Off": {"enabled": False}},
        got={"Switched off": {**_EXAMPLE, "enabled": False}},
    )
    def patch(self, request: Request, hook_id: str) -> Response:
        """Disable the URL, or enable it again; it then works as long as you keep the right to it."""
        data, pk = self.body(request, IncomingWebhookChanges), number(hook_id)
        webhook = hook_selectors.incoming_webhook_of(request.user, pk)
        if data.enabled:
            hooks.incoming_webhook_enable(user=request.user, hook_id=webhook.pk)
        else:
            hooks.incoming_webhook_disable(hook_id=webhook.pk)
        return answer(_hook_body(hook_selectors.incoming_webhook_of(request.user, pk)))

    @described("Disable an incoming webhook", gives={204: None}, tag="incoming webhooks")
    def delete(self, request: Request, hook_id: str) -> Response:
        """Disable the URL; posted messages stay. PATCH `enabled` true enables it again."""
        hooks.incoming_webhook_disable(hook_id=hook_selectors.incoming_webhook_of(request.user, number(hook_id)).pk)
        return answer(status=204)


class IncomingWebhookSecretView(Endpoint):
    permissions: ClassVar[Permissions] = {"POST": "chat.change_incomingwebhook"}

    @described(
        "Replace an incoming webhook's URL",
        gives={200: NewUrl},
        idempotent=True,
        tag="incoming webhooks",
        got={"Renewed": {"url": _URL}},
    )
    def post(self, request: Request, hook_id: str) -> Response:
        """Replace the URL. The old one stops working at once."""
        webhook = hook_selectors.incoming_webhook_of(request.user, number(hook_id))
        body, _ = run_once(
            self.idempotency(request, Shape()),
            lambda: {"url": _url(request, hooks.incoming_webhook_rotate_secret(user=request.user, hook_id=webhook.pk))},
            secret=True,
        )
        return answer(body)


def _url(request: Request, secret: str) -> str:
    return str(request.build_absolute_uri(f"/hooks/{secret}/"))


def _hook_body(row: Row) -> dict[str, Any]:
    body = {
        "id": str(row.pk),
        "name": row.name,
        "channel": str(row.channel_id),
        "bot": payloads.person(row.bot),
        "enabled": row.enabled,
        "madeAt": milliseconds(row.created_at),
    }
    if row.last_used_at is not None:
        body["usedAt"] = milliseconds(row.last_used_at)
    return body
