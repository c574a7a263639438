"""`webhooks/<id>/…`: delivery attempts and dead letters of a webhook."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from rest_framework.request import Request
from rest_framework.response import Response

from chat.api.v1 import pagination
from chat.api.v1.endpoint import Endpoint, Permissions, answer
from chat.api.v1.openapi import CURSOR, LIMIT, described, paged
from chat.api.v1.schema import Count, Milliseconds, Position, Shape, milliseconds, number
from chat.webhooks.outgoing import selectors as hook_selectors
from chat.webhooks.outgoing.dead_letters import dead_letters_delete_all
from chat.webhooks.outgoing.ping import webhook_ping

if TYPE_CHECKING:
    from chat.models import WebhookDeadLetter, WebhookDelivery

MAX_ATTEMPTS = 100
"""Attempts in a response."""


class Attempt(Shape):
    """`status` is absent if there was no response. An attempt without `events` was a test."""

    ok: bool
    milliseconds: Count
    error: str | None = None
    status: int | None = None


class StoredAttempt(Attempt, kw_only=True):
    at: Milliseconds
    first: Position
    last: Position
    events: Count
    attempt: Count


class AttemptList(Shape):
    results: list[StoredAttempt]


class DeadLetter(Shape):
    """A dead letter: a refused event, by its position. Without `next` it is no longer retried."""

    position: Position
    since: Milliseconds
    attempts: Count
    error: str
    status: int | None = None
    next: Milliseconds | None = None


class WebhookPingView(Endpoint):
    permissions: ClassVar[Permissions] = {"POST": "chat.change_webhook"}

    @described(
        "Test a webhook",
        gives={200: Attempt},
        tag="webhooks",
        got={"Well": {"ok": True, "status": 204, "milliseconds": 12}},
    )
    def post(self, request: Request, webhook_id: str) -> Response:
        """Send one `ping` event now and return the outcome."""
        result = webhook_ping(user=request.user, webhook_id=number(webhook_id))
        return answer(_attempt(result.status, result.error, result.milliseconds))


class WebhookAttemptsView(Endpoint):
    permissions: ClassVar[Permissions] = {"GET": "chat.view_webhook"}

    @described(
        "List delivery attempts",
        gives={200: AttemptList},
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
        """List the latest attempts, newest first."""
        webhook = hook_selectors.webhook_of(request.user, number(webhook_id))
        return answer({"results": [_attempt_body(row) for row in hook_selectors.deliveries(webhook, MAX_ATTEMPTS)]})


class WebhookDeadLettersView(Endpoint):
    permissions: ClassVar[Permissions] = {"GET": "chat.view_webhook", "DELETE": "chat.change_webhook"}

    @described(
        "List dead letters",
        gives={200: paged("AsidePage", DeadLetter)},
        query=(LIMIT, CURSOR),
        tag="webhooks",
        got={
            "One": {
                "results": [
                    {
                        "position": 9000, "since": 1795860000000, "attempts": 4, "error": "It answered 422.",
                        "status": 422, "next": 1795860060000,
                    }
                ],
                "next": None,
            }
        },
    )  # fmt: skip
    def get(self, request: Request, webhook_id: str) -> Response:
        """List the dead letters by position. Each is retried with growing pauses, for some days."""
        page = pagination.requested_page(request)
        webhook = hook_selectors.webhook_of(request.user, number(webhook_id))
        rows, more = hook_selectors.dead_letters_page(webhook, after=page.number, limit=page.limit)
        return answer(
            pagination.page_body([_dead_letter_body(row) for row in rows], next=rows[-1].position if more else None)
        )

    @described("Delete dead letters", gives={204: None}, tag="webhooks")
    def delete(self, request: Request, webhook_id: str) -> Response:
        """Delete the dead letters; none is retried."""
        dead_letters_delete_all(user=request.user, webhook_id=number(webhook_id))
        return answer(status=204)


def _attempt(status: int | None, error: str, milliseconds: int) -> dict[str, Any]:
    body: dict[str, Any] = {"ok": not error, "milliseconds": milliseconds}
    if error:
        body["error"] = error
    if status is not None:
        body["status"] = status
    return body


def _attempt_body(row: WebhookDelivery) -> dict[str, Any]:
    return _attempt(row.status, row.error, row.duration_ms) | {
        "at": milliseconds(row.attempted_at),
        "first": row.first_position,
        "last": row.last_position,
        "events": row.event_count,
        "attempt": row.attempt,
    }


def _dead_letter_body(row: WebhookDeadLetter) -> dict[str, Any]:
    body: dict[str, Any] = {
        "position": row.position,
        "since": milliseconds(row.created_at),
        "attempts": row.attempts,
        "error": row.error,
    }
    if row.status is not None:
        body["status"] = row.status
    if row.next_attempt_at is not None:
        body["next"] = milliseconds(row.next_attempt_at)
    return body
